package session_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// TestSignOut ends the session whose token was shown. Twice is once.
func TestSignOut(t *testing.T) {
	f := open(t)
	id := f.signIn(ada).Session.ID
	for range 2 {
		f.must(f.SignOut(t.Context(), by("", store.SessionID{}), id))
		if row := f.row(id); row.EndReason != store.SignedOut || row.EndedBy != "" || !f.refused(id) {
			t.Errorf("ended %q by %q, refused %v, want signed_out, and refused here",
				row.EndReason, row.EndedBy, f.refused(id))
		}
	}
	f.wantAudit(fmt.Sprintf("event=session_ended session=%s reason=signed_out %s", id, fromFirefox))
	f.must(f.SignOut(t.Context(), audit.Caller{}, store.NewSessionID()))
}

// TestEnd ends one of the caller's sessions, or anybody's for the operator.
func TestEnd(t *testing.T) {
	tests := []struct {
		name   string
		by     audit.Caller
		code   fault.Code // empty: it ends
		reason store.EndReason
		device string
		audit  string // behind the session
	}{
		{"by the user", by(ada, store.SessionID{}), "", store.EndedByUser, "Firefox on Linux",
			"reason=ended_by_user actor=usr_ada " + fromFirefox},
		{"by the operator", audit.Operator(), "", store.EndedByAdmin, "", "reason=ended_by_admin actor=operator"},
		{"by somebody else", by(bea, store.SessionID{}), fault.SessionNotFound, "", "", ""},
		{"by nobody", audit.Caller{}, fault.MissingToken, "", "", ""},
		{"by a service", audit.Caller{Service: "svc_1"}, fault.MissingToken, "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := open(t)
			id := f.signIn(ada).Session.ID
			err := f.End(t.Context(), tt.by, id)
			if tt.code != "" {
				wantFault(t, "End", err, tt.code)
			} else if err != nil {
				t.Fatal(err)
			}
			row := f.row(id)
			if row.EndReason != tt.reason || row.EndedBy != tt.device || f.refused(id) != (tt.reason != "") {
				t.Errorf("ended %q by %q, refused %v, want %q by %q",
					row.EndReason, row.EndedBy, f.refused(id), tt.reason, tt.device)
			}
			if tt.reason == "" {
				f.wantAudit()
				return
			}
			user := ""
			if tt.by.User != "" {
				user = "user=usr_ada "
			}
			f.wantAudit(fmt.Sprintf("event=session_ended %ssession=%s %s", user, id, tt.audit))
			wantFault(t, "End once more", f.End(t.Context(), tt.by, id), fault.SessionNotFound)
		})
	}
}

// TestEndedElsewhere refuses a session here that another node has ended, before it says that there
// is none.
func TestEndedElsewhere(t *testing.T) {
	f := open(t)
	id := f.signIn(ada).Session.ID
	f.must(f.db.EndSession(t.Context(), store.Ending{Session: id, Reason: store.EndedByAdmin}, f.now))
	if f.refused(id) {
		t.Fatal("this node has heard of it already")
	}
	wantFault(t, "End", f.End(t.Context(), by(ada, store.SessionID{}), id), fault.SessionNotFound)
	if !f.refused(id) {
		t.Error("not refused here")
	}
}

// TestEndOthers ends all sessions of the caller but the one that asks.
func TestEndOthers(t *testing.T) {
	f := open(t)
	kept, one, two, beas := f.signIn(ada), f.signIn(ada), f.signIn(ada), f.signIn(bea)
	n, err := f.EndOthers(t.Context(), by(ada, kept.Session.ID))
	if n != 2 || err != nil {
		t.Errorf("EndOthers = %d, %v, want 2", n, err)
	}
	for id, want := range map[store.SessionID]store.EndReason{
		kept.Session.ID: "", one.Session.ID: store.EndedByUser, two.Session.ID: store.EndedByUser, beas.Session.ID: "",
	} {
		if row := f.row(id); row.EndReason != want || f.refused(id) != (want != "") {
			t.Errorf("ended %q, refused %v, want %q", row.EndReason, f.refused(id), want)
		}
	}
	if by := f.row(one.Session.ID).EndedBy; by != "Firefox on Linux" {
		t.Errorf("ended by %q, want the device", by)
	}
	f.wantAudit("event=session_ended user=usr_ada reason=ended_by_user count=2 actor=usr_ada " + fromFirefox)
	_, err = f.EndOthers(t.Context(), audit.Caller{})
	wantFault(t, "EndOthers by nobody", err, fault.MissingToken)
	f.wantAudit()
}

// TestEndEverything ends the sessions of everybody, and refuses every access token issued so far.
// Whoever signs in afterwards is let in at once.
func TestEndEverything(t *testing.T) {
	f := open(t)
	one, two := f.signIn(ada), f.signIn(bea)
	n, err := f.EndEverything(t.Context(), audit.Operator())
	if n != 2 || err != nil {
		t.Errorf("EndEverything = %d, %v, want 2", n, err)
	}
	for _, id := range []store.SessionID{one.Session.ID, two.Session.ID} {
		if row := f.row(id); row.EndReason != store.EndedByAdmin || row.EndedBy != "the operator" || !f.refused(id) {
			t.Errorf("ended %q by %q, refused %v, want ended_by_admin by the operator",
				row.EndReason, row.EndedBy, f.refused(id))
		}
	}
	f.wantAudit("event=everything_ended reason=ended_by_admin count=2 actor=operator")
	again := f.signIn(ada)
	issued := time.Unix(again.User.NotBefore+1, 0)
	if valid, err := f.TokenValid(t.Context(), again.Session.ID, ada, issued); !valid || err != nil {
		t.Errorf("token of a sign-in afterwards: valid %v, %v, want true", valid, err)
	}
}
