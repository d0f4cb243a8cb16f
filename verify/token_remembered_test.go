package verify_test

import (
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify"
	"github.com/handstamp/handstamp/verify/verifytest"
)

// hand is a clock that is set by hand.
type hand struct {
	mu sync.Mutex // guards at
	at time.Time
}

// now returns the time it shows.
func (h *hand) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

// move moves it on.
func (h *hand) move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

// TestRemembered lets a token in twice, so that it is remembered, then takes away what it was good
// for: the remembered token is refused like one never seen, with the table and without.
func TestRemembered(t *testing.T) {
	const sid = "AAAAAAAAAAAAAAAAAAAAAA"
	tests := []struct {
		name string
		take func(iss *verifytest.Issuer, clock *hand)
		want verify.Code
	}{
		{"the session ends", func(iss *verifytest.Issuer, _ *hand) { iss.End(sid) }, verify.CodeInvalidToken},
		{
			"the user is shut out",
			func(iss *verifytest.Issuer, _ *hand) { iss.EndUser("usr_ada") },
			verify.CodeInvalidToken,
		},
		{
			"the keys are withdrawn",
			func(iss *verifytest.Issuer, _ *hand) { iss.WithdrawKeys() },
			verify.CodeInvalidToken,
		},
		{
			"the token expires",
			func(_ *verifytest.Issuer, clock *hand) { clock.move(time.Hour) },
			verify.CodeTokenExpired,
		},
		{
			"the clock goes back before it",
			func(_ *verifytest.Issuer, clock *hand) { clock.move(-time.Hour) },
			verify.CodeInvalidToken,
		},
		{"another session ends", func(iss *verifytest.Issuer, _ *hand) { iss.End("BBBBBBBBBBBBBBBBBBBBBB") }, ""},
		{"a key is added", func(iss *verifytest.Issuer, _ *hand) { iss.RotateKeys() }, ""},
	}
	for _, test := range tests {
		for name, bytes := range map[string]int64{"remembered": 0, "never remembered": -1} {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				iss, clock := verifytest.NewIssuer(t), &hand{at: time.Now()}
				config := iss.Config()
				config.Now, config.CacheBytes = clock.now, bytes
				v, err := verify.New(t.Context(), config)
				if err != nil {
					t.Fatal(err)
				}
				defer v.Close()
				token := iss.Token(verifytest.User("usr_ada"), verifytest.Session(sid))
				for range 3 {
					if s, err := v.Verify(t.Context(), token); err != nil || s.Subject != "usr_ada" || s.ID != sid {
						t.Fatalf("Verify(good token) = %v, %v, want the session", s, err)
					}
				}
				test.take(iss, clock)
				for range 2 {
					if code := answer(t, v, token); code != test.want {
						t.Errorf("Verify afterwards = %q, want %q", code, test.want)
					}
				}
			})
		}
	}
}

// TestRememberedClock reads the clock once for a remembered token, be there a feed or not.
func TestRememberedClock(t *testing.T) {
	for _, fed := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			server := newFeedServer()
			config := testConfig()
			if fed {
				config = server.config()
			}
			var reads atomic.Int64
			config.Now = func() time.Time {
				reads.Add(1)
				if fed {
					return time.Now()
				}
				return now
			}
			v := mustNew(t, config)
			token := goodToken()
			if fed {
				waitIdle()
				token = sessionToken("mine")
			}
			check(t, v, token, "")
			before := reads.Load()
			check(t, v, token, "")
			if n := reads.Load() - before; n != 1 {
				t.Errorf("with a feed: %v: the clock was read %d times, want once", fed, n)
			}
			v.Close()
		})
	}
}

// answer is the code of a refusal by v; empty when there was none.
func answer(t *testing.T, v *verify.Verifier, token string) verify.Code {
	t.Helper()
	_, err := v.Verify(t.Context(), token)
	return codeOf(err)
}

// TestRememberedIsWhole remembers tokens of several lengths, and refuses each text that differs
// from one of them in one character, or has one more or one less: what is remembered is the whole
// token, not its tail.
func TestRememberedIsWhole(t *testing.T) {
	iss := verifytest.NewIssuer(t)
	v := iss.Verifier(t)
	for _, token := range tokensOfLengths(t, iss) {
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		for i := range token {
			changes := []string{token[:i] + token[i+1:], token[:i] + "A" + token[i:]}
			for _, c := range "Az0.=" {
				changes = append(changes, token[:i]+string(c)+token[i+1:])
			}
			for _, changed := range changes {
				if s, err := v.Verify(t.Context(), changed); err == nil && changed != token {
					t.Fatalf("a token of %d characters, changed at %d, = %v, want a refusal", len(token), i, s)
				}
			}
		}
		hits := v.Status().Cache.Hits
		if _, err := v.Verify(t.Context(), token); err != nil || v.Status().Cache.Hits != hits+1 {
			t.Errorf(
				"the token of %d characters afterwards = %v, %d of it remembered; want the session, remembered",
				len(token),
				err,
				v.Status().Cache.Hits-hits,
			)
		}
	}
}

// tokensOfLengths are a usual token, and some that are longer.
func tokensOfLengths(t *testing.T, iss *verifytest.Issuer) []string {
	t.Helper()
	return []string{
		iss.Token(), iss.Token(verifytest.Role("r")), iss.Token(verifytest.Role(strings.Repeat("long", 200))),
	}
}

// TestRememberedByOne keeps what one verifier remembers from another with another audience.
func TestRememberedByOne(t *testing.T) {
	iss := verifytest.NewIssuer(t)
	token := iss.Token()
	if _, err := iss.Verifier(t).Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	config := iss.Config()
	config.Audience = "https://elsewhere.example"
	other, err := verify.New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if code := answer(t, other, token); code != verify.CodeInvalidToken {
		t.Errorf("Verify for another audience = %q, want invalid_token", code)
	}
}

// TestRememberedFlood has one user show more tokens than there is room for: the token of another,
// who keeps using it, stays good all along, and the flood's own are good too. Run it with the race
// detector.
func TestRememberedFlood(t *testing.T) {
	iss := verifytest.NewIssuer(t)
	config := iss.Config()
	config.CacheBytes = 256 << 10
	v, err := verify.New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	quiet := iss.Token(verifytest.User("usr_quiet"))
	flood := make([]string, 600)
	for i := range flood {
		flood[i] = iss.Token(verifytest.User("usr_loud"))
	}
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for _, token := range flood {
				for _, shown := range []string{token, quiet} {
					if _, err := v.Verify(t.Context(), shown); err != nil {
						t.Errorf("Verify(good token) = %v", err)
					}
				}
			}
		})
	}
	all.Wait()
	iss.EndUser("usr_loud")
	for _, token := range flood {
		if code := answer(t, v, token); code != verify.CodeInvalidToken {
			t.Fatalf("a token of the flood after its user was shut out = %q, want invalid_token", code)
		}
	}
	if _, err := v.Verify(t.Context(), quiet); err != nil {
		t.Errorf("Verify(quiet) = %v, want the session", err)
	}
}

// TestSessionIsApart has a handler write into the lists of a session that others get too, few and
// many: no list runs into another, and what routes demand is decided by what the token says.
func TestSessionIsApart(t *testing.T) {
	for _, n := range []int{1, 2, 3, 10, 40} {
		want := make([]string, n)
		for i := range want {
			want[i] = fmt.Sprint("r", i)
		}
		list := `["` + strings.Join(want, `","`) + `"]`
		token := forge(
			goodHeader(jose.ES256),
			goodClaims().with("roles", list).with("amr", list).with("scope", quote(strings.Join(want, " "))),
		)
		v := mustNew(t, testConfig())
		s, err := v.Verify(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range [][]string{s.Roles, s.AMR, s.Scope} {
			if !slices.Equal(got, want) {
				t.Fatalf("a list of %d = %q", n, got)
			}
		}
		for _, written := range [][]string{s.Audience, s.Roles, s.AMR, s.Scope} {
			_ = append(written, "admin")
		}
		for _, got := range [][]string{s.Roles, s.AMR, s.Scope} {
			if !slices.Equal(got, want) {
				t.Errorf("a list of %d, after one more was appended to each = %q", n, got)
			}
			for i := range got {
				got[i] = "admin"
			}
		}
		for _, demand := range []verify.Demand{verify.Role("admin"), verify.Scope("admin")} {
			w := ask(v.Require(hello, demand), "GET", "/", "Authorization", "Bearer "+token)
			if w.Code != http.StatusForbidden {
				t.Errorf("what a handler made of a list of %d lets it in: %d", n, w.Code)
			}
		}
		met := v.Require(hello, verify.Role("r0"), verify.Scope("r0"))
		if w := ask(met, "GET", "/", "Authorization", "Bearer "+token); w.Code != http.StatusOK {
			t.Errorf("what the token says of a list of %d = %d, want 200", n, w.Code)
		}
	}
}

// TestRememberedBytes holds what remembered tokens are said to take against what they take: plain
// ones, and some whose claims are mostly lists, or written with escapes.
func TestRememberedBytes(t *testing.T) {
	secret := []byte("0Kx8vQmZr3TnWyLcPdBfHgJkUiOaSeXz")
	key, err := jose.NewHMAC("hmac", secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, with := range map[string]func(c members) members{
		"plain":   func(c members) members { return c },
		"lists":   func(c members) members { return c.with("roles", "["+strings.Repeat(`"r",`, 300)+`"r"]`) },
		"escapes": func(c members) members { return c.with("acr", quote(strings.Repeat("é\n", 300))) },
	} {
		c := testConfig()
		c.Keys = verify.HMAC(secret)
		v := mustNew(t, c)
		before := heapInUse()
		for i := range 1000 {
			claims := with(goodClaims().with("sid", quote(fmt.Sprint(i))).with("sub", quote(fmt.Sprint("usr_", i))))
			if _, err := v.Verify(t.Context(), sign(key, `{"alg":"HS256","kid":"hmac","typ":"at+jwt"}`, claims.String())); err != nil {
				t.Fatal(err)
			}
		}
		took, said := int64(heapInUse()-before), v.Status().Cache
		t.Logf("%s: %d tokens take %d bytes, and are said to take %d", name, said.Tokens, took, said.Bytes)
		if said.Tokens != 1000 || took > said.Bytes+said.Bytes/10+1<<20 {
			t.Errorf(
				"%s: %d tokens take %d bytes, want 1000 that take what they are said to, %d",
				name,
				said.Tokens,
				took,
				said.Bytes,
			)
		}
	}
}

// heapInUse is how many bytes are in use once the rest is gone.
func heapInUse() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
