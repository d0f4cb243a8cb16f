package verify_test

import (
	"context"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/verify"
)

// benchConfig is testConfig by the real clock, with a million ended sessions and 100,000 cut-offs
// in force.
func benchConfig(b *testing.B) verify.Config {
	b.Helper()
	c := testConfig()
	c.Now = nil
	c.CacheBytes = 256 << 20
	keys := signingKeys()
	c.Keys = &memory{
		keys: jose.NewKeySet(keys[jose.ES256].Public(), keys[jose.EdDSA].Public(), keys[jose.RS256].Public()),
		set:  manyEndings(),
	}
	return c
}

// manyEndings are made once. Half of the cut-offs are for users of benchTokens, and before these
// were issued.
var manyEndings = sync.OnceValue(func() *revoked.Set {
	set := revoked.NewSet()
	expires := time.Now().Add(time.Hour).Unix()
	var entries []revoked.Entry
	for i := range 1_000_000 {
		entries = append(entries, revoked.Entry{Kind: revoked.Session, ID: benchID("ended", i), Expires: expires})
	}
	for i := range 100_000 {
		entries = append(
			entries,
			revoked.Entry{
				Kind:      revoked.User,
				ID:        "usr_" + benchID("user", 2*i),
				NotBefore: time.Now().Unix() - 3600,
				Expires:   expires,
			},
		)
	}
	if err := set.Merge(revoked.Snapshot{Epoch: 1, Seq: 1, Entries: entries}); err != nil {
		panic(err)
	}
	return set
})

// benchID is the n-th id of a kind, as long as ours are
func benchID(kind string, n int) string {
	id := fmt.Sprintf("%s%x", kind, uint64(n+1)*0x9E3779B97F4A7C15)
	return (id + "AAAAAAAAAAAAAAAAAAAAAA")[:22]
}

// benchTokens are n tokens as the server makes them, each of another session and user. They are
// made once, with a key whose signing is quick.
func benchTokens(alg jose.Algorithm, n int) []string {
	benchPool.Lock()
	defer benchPool.Unlock()
	at := time.Now().Unix()
	for i := len(benchPool.of[alg]); i < n; i++ {
		claims := fmt.Sprintf(
			`{"iss":%q,"sub":"usr_%s","aud":%q,"client_id":"first-party","exp":%d,"iat":%d,"jti":%q,"sid":%q,"auth_time":%d,"amr":["pwd","otp"],"acr":"aal2","scope":"read write","roles":["member","billing"]}`,
			issuer,
			benchID("user", i),
			audience,
			at+900,
			at,
			benchID("jti", i),
			benchID("sid", i),
			at-3600,
		)
		key := signingKeys()[alg]
		benchPool.of[alg] = append(
			benchPool.of[alg],
			sign(key, fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"at+jwt"}`, alg, key.ID()), claims),
		)
	}
	return benchPool.of[alg][:n]
}

// benchPool is what benchTokens made
var benchPool = struct {
	sync.Mutex
	of map[jose.Algorithm][]string
}{of: map[jose.Algorithm][]string{}}

// warmed is a verifier that has seen tokens, and the same tokens as other requests bring them.
func warmed(b *testing.B, c verify.Config, tokens []string) (*verify.Verifier, []string) {
	b.Helper()
	v := mustNew(b, c)
	shown := make([]string, len(tokens))
	for i, token := range tokens {
		if _, err := v.Verify(context.Background(), token); err != nil {
			b.Fatal(err)
		}
		shown[i] = strings.Clone(token)
	}
	return v, shown
}

// BenchmarkRemembered shows tokens again. The floor is what nobody who compares a whole token can
// save: to hash its tail, to load what is remembered from wherever it lies in memory, and to
// compare.
func BenchmarkRemembered(b *testing.B) {
	for _, live := range []struct {
		name  string
		count int
		skew  float64 // of a Zipf distribution; 0: uniform
	}{{"one", 1, 0}, {"1,000", 1000, 0}, {"100,000", 100_000, 0}, {"100,000 Zipf", 100_000, 1.1}} {
		b.Run(live.name, func(b *testing.B) { benchRemembered(b, live.count, live.skew) })
	}
}

// benchRemembered shows some of so many tokens, in an order by Zipf's law of this skew; 0 is for a
// uniform one.
func benchRemembered(b *testing.B, count int, skew float64) {
	v, shown := warmed(b, benchConfig(b), benchTokens(jose.EdDSA, count))
	order := make([]int32, 1<<18)
	source := rand.New(rand.NewPCG(1, 2))
	for i := range order {
		order[i] = int32(source.IntN(count))
	}
	if skew > 0 {
		zipf := rand.NewZipf(source, skew, 1, uint64(count-1))
		for i := range order {
			order[i] = int32(zipf.Uint64())
		}
	}
	b.Run("floor", func(b *testing.B) { benchFloor(b, shown, order) })
	b.Run("whole", func(b *testing.B) {
		b.ReportAllocs()
		ctx, i := context.Background(), 0
		for b.Loop() {
			if _, err := v.Verify(ctx, shown[order[i&(len(order)-1)]]); err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
	b.Run("two at once", func(b *testing.B) {
		b.SetParallelism(1)
		b.RunParallel(func(p *testing.PB) {
			ctx, i := context.Background(), rand.IntN(len(order))
			for p.Next() {
				if _, err := v.Verify(ctx, shown[order[i&(len(order)-1)]]); err != nil {
					b.Error(err)
				}
				i++
			}
		})
	})
}

// benchFloor finds texts by a hash of their tails and compares them whole, and does nothing else.
func benchFloor(b *testing.B, shown []string, order []int32) {
	seed := maphash.MakeSeed()
	size := 16
	for size < 4*len(shown) {
		size *= 2
	}
	kept := make([]*string, size)
	for _, token := range shown {
		copied := strings.Clone(token)
		kept[maphash.String(seed, token[len(token)-16:])&uint64(size-1)] = &copied
	}
	same := 0
	i := 0
	for b.Loop() {
		token := shown[order[i&(len(order)-1)]]
		if k := kept[maphash.String(seed, token[len(token)-16:])&uint64(size-1)]; k != nil && *k == token {
			same++
		}
		i++
	}
}

// BenchmarkAsked shows remembered tokens while sessions keep ending, so that each is asked for
// among a million. The floor is BenchmarkRemembered, where none ends.
func BenchmarkAsked(b *testing.B) {
	for _, count := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			v, shown := warmed(b, benchConfig(b), benchTokens(jose.EdDSA, count))
			set, ctx, i := manyEndings(), context.Background(), 0
			for b.Loop() {
				if i%64 == 0 { // the cost of which is shared by 64
					_ = set.Merge(revoked.Snapshot{Epoch: 1, Seq: 1})
				}
				if _, err := v.Verify(ctx, shown[rand.IntN(count)]); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

// BenchmarkFirstSeen checks tokens that were never seen. The floor is the bare signature check:
// both are done in turns, and their medians compared, so that the ratio holds on a busy machine.
func BenchmarkFirstSeen(b *testing.B) {
	for _, alg := range []jose.Algorithm{jose.ES256, jose.EdDSA, jose.RS256} {
		b.Run(string(alg), func(b *testing.B) {
			tokens := benchTokens(alg, 2000)
			inputs, signatures := make([][]byte, len(tokens)), make([][]byte, len(tokens))
			for i, token := range tokens {
				parts, _ := jose.SplitCompact(token)
				inputs[i] = []byte(parts.SigningInput())
				signatures[i], _ = jose.DecodeBase64(parts.Signature())
			}
			key, c, i := signingKeys()[alg].Public(), benchConfig(b), 0
			var v *verify.Verifier
			var bare, whole []time.Duration
			for b.Loop() {
				if i%len(tokens) == 0 { // all are forgotten
					v = mustNew(b, c)
				}
				start := time.Now()
				_, err := v.Verify(context.Background(), tokens[i%len(tokens)])
				whole = append(whole, time.Since(start))
				start = time.Now()
				failed := key.Verify(inputs[i%len(tokens)], signatures[i%len(tokens)])
				bare = append(bare, time.Since(start))
				if err != nil || failed != nil {
					b.Fatal(err, failed)
				}
				i++
			}
			b.ReportMetric(median(bare), "ns/floor")
			b.ReportMetric(median(whole), "ns/whole")
			b.ReportMetric(median(whole)/median(bare), "×floor")
			b.ReportMetric(0, "ns/op") // both and the timing: says nothing
		})
	}
}

// median of durations, in nanoseconds
func median(d []time.Duration) float64 {
	slices.Sort(d)
	return float64(d[len(d)/2])
}

// BenchmarkRefuse refuses tokens that are no token of ours at a glance.
func BenchmarkRefuse(b *testing.B) {
	v, shown := warmed(b, benchConfig(b), benchTokens(jose.EdDSA, 1000))
	token := shown[0]
	other, err := jose.Generate(jose.EdDSA)
	if err != nil {
		b.Fatal(err)
	}
	for _, test := range []struct{ name, token string }{
		{"garbage", strings.Repeat("garbage", 90)},
		{"short", "garbage"},
		{"dots", strings.Repeat(".", 1<<20)},
		{"bad base64", token[:250] + "!" + token[251:]},
		{"unknown kid", sign(other, fmt.Sprintf(`{"alg":"EdDSA","kid":%q,"typ":"at+jwt"}`, other.ID()), goodClaims().String())},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(context.Background(), test.token); err == nil {
					b.Fatal("accepted")
				}
			}
		})
	}
}

// BenchmarkRequire is the middleware around a remembered token, beside what net/http takes to hand
// a session on.
func BenchmarkRequire(b *testing.B) {
	v, shown := warmed(b, benchConfig(b), benchTokens(jose.EdDSA, 1))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+shown[0])
	w := httptest.NewRecorder()
	var nothing http.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	behind := v.Require(nothing)
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		s := new(verify.Session)
		for b.Loop() {
			nothing.ServeHTTP(w, r.WithContext(verify.NewContext(r.Context(), s)))
		}
	})
	b.Run("verify", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.Verify(r.Context(), shown[0]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("whole", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			behind.ServeHTTP(w, r)
		}
	})
}
