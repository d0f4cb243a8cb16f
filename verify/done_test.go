package verify_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/verify"
	"github.com/handstamp/handstamp/verify/verifytest"
)

// closed reports whether a channel is closed, once everything has come to rest.
func closed(done <-chan struct{}) bool {
	synctest.Wait()
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// mustVerify is the session of a new token of iss.
func mustVerify(t *testing.T, v *verify.Verifier, iss *verifytest.Issuer, opts ...verifytest.Option) *verify.Session {
	t.Helper()
	s, err := v.Verify(context.Background(), iss.Token(opts...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDoneEnds closes the channels of those who ended, and of nobody else (JV-35).
func TestDoneEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		iss := verifytest.NewIssuer(t)
		v := mustNew(t, iss.Config())
		one := mustVerify(t, v, iss, verifytest.Session("one"))
		same := mustVerify(t, v, iss, verifytest.Session("one"))
		two := mustVerify(t, v, iss, verifytest.Session("two"), verifytest.User("bob"))
		if first, again := one.Done(), one.Done(); first != again {
			t.Error("Done twice gives two channels")
		}
		if closed(one.Done()) || closed(two.Done()) {
			t.Fatal("Done before the end")
		}
		iss.End("other")
		if closed(one.Done()) || closed(two.Done()) {
			t.Error("Done by the end of another session")
		}
		iss.End("one")
		if !closed(one.Done()) || !closed(same.Done()) || closed(two.Done()) {
			t.Error("the end of one must close its two channels and no other")
		}
		iss.EndUser("bob")
		if !closed(two.Done()) {
			t.Error("the end of a user must close Done")
		}
		late := mustVerify(t, v, iss, verifytest.Session("three"))
		iss.End("three")
		if !closed(late.Done()) {
			t.Error("Done first called after the end must be closed")
		}
	})
}

// TestDoneExpires closes the channel when the token would no longer be taken, and not before.
func TestDoneExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		iss := verifytest.NewIssuer(t)
		v := mustNew(t, iss.Config())
		s := mustVerify(t, v, iss)
		done := s.Done()
		time.Sleep(10*time.Minute + 29*time.Second) // exp and most of the leeway
		if closed(done) {
			t.Error("Done before the token expired")
		}
		time.Sleep(2 * time.Second)
		if !closed(done) {
			t.Error("not Done after the token expired")
		}
	})
}

// TestDoneClose ends what is watched with the verifier, and leaves no goroutine: synctest would say
// so.
func TestDoneClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		iss := verifytest.NewIssuer(t)
		v, err := verify.New(context.Background(), iss.Config())
		if err != nil {
			t.Fatal(err)
		}
		before, after := mustVerify(t, v, iss), mustVerify(t, v, iss)
		done := before.Done()
		v.Close()
		if !closed(done) || !closed(after.Done()) {
			t.Error("not Done after Close")
		}
	})
	if (&verify.Session{}).Done() != nil {
		t.Error("Done of a session that no verifier made is not nil")
	}
}

// TestDoneManySessions watches many with one goroutine, and none when nobody asks.
func TestDoneManySessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		iss := verifytest.NewIssuer(t)
		v := mustNew(t, iss.Config())
		var all []<-chan struct{}
		for range 50 {
			all = append(all, mustVerify(t, v, iss, verifytest.User("ada")).Done())
		}
		iss.EndUser("ada")
		for i, done := range all {
			if !closed(done) {
				t.Fatalf("session %d is not Done", i)
			}
		}
		again := mustVerify(t, v, iss, verifytest.User("bob")).Done()
		iss.EndUser("bob")
		if !closed(again) {
			t.Error("after all had ended, a new one is not watched")
		}
	})
}
