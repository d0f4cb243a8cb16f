package verify_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify"
)

// The life of a signing key (docs/protocol.md §7).
const (
	publishedBefore = 6 * time.Minute  // before it signs
	keptAfter       = 17 * time.Minute // after its successor has begun
)

// fleet is five services, of which one is started anew now and then, before an issuer that rotates
// its keys.
type fleet struct {
	p *publisher

	mu     sync.Mutex // guards all below
	signer *jose.PrivateKey
	shown  []string // tokens that are alive, the oldest first
}

// mint makes a token by the key that signs now, and forgets those that are older than they live.
func (f *fleet) mint() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.shown = append(f.shown, f.p.tokenOf(f.signer))
	if len(f.shown) > 40 { // of 15 s each
		f.shown = f.shown[1:]
	}
}

// tokens are the oldest, one of middle age and the newest.
func (f *fleet) tokens() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return []string{f.shown[0], f.shown[len(f.shown)/2], f.shown[len(f.shown)-1]}
}

// TestRotationUnderLoad rotates eight times while five services are asked all the time, with tokens
// of every age: none is refused, none has to wait, and no key is fetched out of turn (KY-04). One
// service is started anew in every quarter of an hour.
func TestRotationUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPublisher(t)
		p.delay = 300 * time.Millisecond
		f := &fleet{p: p, signer: p.keys[0]}
		const lasts = 8 * (publishedBefore + keptAfter + 7*time.Minute)
		f.mint()
		var services sync.WaitGroup
		for i := range 5 {
			services.Go(func() {
				started, v := time.Now(), mustNew(t, p.config())
				for begun := started; time.Since(begun) < lasts; time.Sleep(15 * time.Second) {
					if i == 0 && time.Since(started) > 15*time.Minute {
						v.Close()
						started, v = time.Now(), mustNew(t, p.config())
					}
					asked := time.Now()
					for _, token := range f.tokens() {
						check(t, v, token, "")
					}
					if waited := time.Since(asked); waited > 0 && time.Since(started) > time.Second {
						t.Errorf("a request waited %v for keys", waited)
					}
				}
			})
		}
		go func() {
			for begun := time.Now(); time.Since(begun) < lasts; time.Sleep(15 * time.Second) {
				f.mint()
			}
		}()
		for range 8 {
			p.add(t)
			time.Sleep(publishedBefore)
			f.mu.Lock()
			f.signer = p.keys[0]
			f.mu.Unlock()
			time.Sleep(keptAfter)
			p.change(func() { p.keys = p.keys[:1] })
			time.Sleep(7 * time.Minute)
		}
		services.Wait()
		// Four services for all the time, one for a quarter of an hour each time: once when it
		// starts, and then after three quarters of max-age at the earliest.
		if most := 5 * int(lasts/(225*time.Second)+17); p.count() > most {
			t.Errorf("%d fetches, want at most %d", p.count(), most)
		}
	})
}

// TestFloodWhileKeysAreFetched has somebody make up kids for a minute: the issuer is asked at most
// once in 10 s, whether it answers or not, and known keys wait for none of it (JV-25).
func TestFloodWhileKeysAreFetched(t *testing.T) {
	for _, test := range []struct {
		name string
		down error
	}{{"answering slowly", nil}, {"down", errors.New("connection refused")}} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPublisher(t)
				v := mustNew(t, p.config())
				token := p.token()
				check(t, v, token, "")
				time.Sleep(time.Minute) // so that none of the regular fetches falls into the next one
				p.change(func() { p.down, p.delay = test.down, time.Second })
				before := p.count()
				var made sync.WaitGroup
				for second := range 60 {
					for i := range 20 {
						made.Go(func() { checkUnknown(t, v, fmt.Sprint("kid-", second, "-", i)) })
					}
					asked := time.Now()
					check(t, v, token, "")
					check(t, v, p.token(), "")
					if waited := time.Since(asked); waited > 0 {
						t.Errorf("tokens of a known key waited %v", waited)
					}
					time.Sleep(time.Second)
				}
				made.Wait()
				// Beyond the fetch that is under way when the last minute begins, an issuer that is
				// down is also asked again by itself, at growing intervals.
				if got := p.count() - before; got > 7 && test.down == nil || got > 15 {
					t.Errorf("%d fetches in a minute of unknown kids, want at most one in 10 s", got)
				}
			})
		})
	}
}

// checkUnknown shows a token that names a key which nobody has.
func checkUnknown(t *testing.T, v *verify.Verifier, kid string) {
	t.Helper()
	header := goodHeader(jose.ES256).with("kid", quote(kid))
	check(t, v, forge(header, goodClaims()), verify.CodeInvalidToken)
}
