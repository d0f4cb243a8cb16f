package verify_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify"
)

// names is so many bytes of members with different names.
func names(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, `"%d":0,`, i)
	}
	return b.String()
}

// headed is a token of n bytes whose header is made of a text of nearly as many, and whose
// signature is none.
func headed(n int, header func(n int) string) string {
	return jose.EncodeBase64([]byte(header(n/4*3-8))) + ".AA.AA"
}

// repeated is a text, and another one as often as there is room for in n bytes.
func repeated(before, piece string) func(n int) string {
	return func(n int) string { return before + strings.Repeat(piece, max(n-len(before), 0)/len(piece)) }
}

// hostileTokens are texts of about n bytes, by what is meant to be costly about them. What a token
// may cost depends on when it is found to be none.
func hostileTokens(n int) (atAGlance, decoded map[string]string) {
	good := goodToken()
	atAGlance = map[string]string{
		"dots":                 strings.Repeat(".", n),
		"letters":              strings.Repeat("e", n),
		"braces":               strings.Repeat("{", n),
		"NULs":                 strings.Repeat("\x00", n),
		"dots between letters": strings.Repeat("e.", n/2),
		"tokens in a row":      strings.Repeat(good+".", n/len(good)),
	}
	decoded = map[string]string{
		"one bad letter": strings.Repeat("A", n/2) + ".AA." + strings.Repeat("A", n/2) + "=",
		"arrays":         headed(n, repeated("", "[")),
		"objects":        headed(n, repeated("", `{"":`)),
		"names":          headed(n, func(n int) string { return "{" + names(n) }),
		"escapes":        headed(n, repeated(`{"alg":"`, `\n`)),
		"pairs":          headed(n, repeated(`{"alg":"`, `\ud83d\ude00`)),
		"digits":         headed(n, repeated(`{"x":`, "9")),
		"blanks":         headed(n, repeated("", " ")),
		"no UTF-8":       headed(n, repeated(`"`, "\xff")),
		"claims": good[:strings.IndexByte(good, '.')] + "." + strings.Repeat(
			"A",
			max(n-300, 0)/4*4,
		) + "." + strings.Repeat(
			"A",
			86,
		),
		"signature":  good + strings.Repeat("AAAA", max(n-len(good), 4)/4),
		"kid":        headed(n, repeated(`{"kid":"`, "k")),
		"short kids": headed(n, repeated(`{"alg":"ES256"}`, `{"kid":"k"}`)),
	}
	return atAGlance, decoded
}

// budget is what something may allocate.
type budget struct {
	allocs float64
	bytes  uint64
}

// spend does f a few times, and fails the test when on average it takes more than b: ten times in a
// row, because what else the program does only adds to it.
func (b budget) spend(t *testing.T, what string, f func()) {
	t.Helper()
	const runs = 10
	var allocs float64
	var bytes uint64
	for range 10 {
		allocs = testing.AllocsPerRun(runs, f)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			f()
		}
		runtime.ReadMemStats(&after)
		if bytes = (after.TotalAlloc - before.TotalAlloc) / runs; allocs <= b.allocs && bytes <= b.bytes {
			return
		}
	}
	t.Errorf("%s: %.0f allocations of %d bytes, want at most %.0f of %d", what, allocs, bytes, b.allocs, b.bytes)
}

// TestVerifyAllocates holds hostile tokens to what they may allocate: nothing as long as a glance
// is enough, however long they are; beyond that at most ten times the longest token, because longer
// ones are not looked at (JV-16).
func TestVerifyAllocates(t *testing.T) {
	v := mustNew(t, testConfig())
	for _, n := range []int{100, 1000, 8 << 10, 64 << 10, 1 << 20} {
		atAGlance, decoded := hostileTokens(n)
		for kind, of := range map[string]map[string]string{"glance": atAGlance, "decoded": decoded} {
			may := budget{0, 0}
			if kind == "decoded" && n <= 8<<10 {
				may = budget{40, 80 << 10}
			}
			for name, token := range of {
				may.spend(t, fmt.Sprint(n, " bytes of ", name), func() {
					if _, err := v.Verify(context.Background(), token); err == nil {
						t.Fatalf("%s: accepted", name)
					}
				})
			}
		}
	}
}

// cookieHeader is n bytes of cookies; each %d in a piece is another number.
func cookieHeader(piece string) func(n int) string {
	return func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			b.WriteString(strings.ReplaceAll(piece, "%d", fmt.Sprint(i)))
		}
		return b.String()
	}
}

// hostileHeaders are headers of about n bytes, by what is meant to be costly about them.
var hostileHeaders = []struct {
	name, header string
	value        func(n int) string
}{
	{"a scheme", "Authorization", repeated("", "e")},
	{"blanks after the scheme", "Authorization", repeated("Bearer ", " ")},
	{"dots after the scheme", "Authorization", repeated("Bearer ", ".")},
	{"schemes", "Authorization", repeated("", "Bearer ")},
	{"other cookies", "Cookie", cookieHeader("a=b; ")},
	{"one access cookie", "Cookie", repeated("__Host-Http-hs_access=", "e")},
	{"equal access cookies", "Cookie", cookieHeader("__Host-Http-hs_access=e; ")},
	{"different access cookies", "Cookie", cookieHeader("__Host-Http-hs_access=%d; ")},
	{
		"different access cookies of both names",
		"Cookie",
		cookieHeader("__Secure-hs_access=%d; __Host-Http-hs_access=%d; "),
	},
	{"quoted access cookies", "Cookie", cookieHeader(`__Host-Http-hs_access="%d"; `)},
	{"semicolons", "Cookie", repeated("", ";")},
	{"equals signs", "Cookie", repeated("", "=")},
	{"media types", "Accept", repeated("", "a,")},
	{"weights", "Accept", repeated("", "text/html;q=0, ")},
	{"sites", "Sec-Fetch-Site", repeated("", "same-origin,")},
	{"origins", "Origin", repeated("https://", "a.")},
}

// hostileRequest carries such a header.
func hostileRequest(header, value string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	if header == "Accept" {
		r.Method = http.MethodGet
	}
	if header == "Origin" || header == "Sec-Fetch-Site" {
		r.Header.Set("Cookie", accessCookie("x"))
	}
	r.Header.Set(header, value)
	return r
}

// unwritten takes an answer and forgets it.
type unwritten struct{ header http.Header }

// Header is written to by whoever answers.
func (w unwritten) Header() http.Header { return w.header }

// WriteHeader forgets.
func (w unwritten) WriteHeader(int) {}

// Write forgets.
func (w unwritten) Write(b []byte) (int, error) { return len(b), nil }

// TestRequireAllocates holds requests with hostile headers to what they may allocate. net/http
// makes a cookie of each that has our name, and of none when there are more than 3,000; all else
// that is refused takes a few kilobytes (JV-18, CK-15).
func TestRequireAllocates(t *testing.T) {
	h := mustNew(t, testConfig()).Require(hello)
	for _, test := range hostileHeaders {
		for _, n := range []int{1000, 70_000, 1 << 20} {
			r := hostileRequest(test.header, test.value(n))
			may := budget{60, 32 << 10}
			if test.header == "Cookie" && n < 80_000 {
				may = budget{6000, 1 << 20}
			}
			may.spend(t, fmt.Sprint(n, " bytes of ", test.name), func() { h.ServeHTTP(unwritten{http.Header{}}, r) })
		}
	}
}

// quickest is the least time that f took, in seconds: what else the machine does only adds to it.
func quickest(f func()) float64 {
	least := time.Hour
	for range 7 {
		start := time.Now()
		for range 4 {
			f()
		}
		least = min(least, time.Since(start))
	}
	return max(least, time.Microsecond).Seconds()
}

// TestNothingGrowsWithTheSquare shows eight times as much of everything hostile. That takes eight
// times as long, or somewhat more; 64 times is what it takes where something is compared with
// everything before it (JV-16).
func TestNothingGrowsWithTheSquare(t *testing.T) {
	v := mustNew(t, testConfig())
	h := v.Require(hello)
	works := map[string]func(n int) func(){}
	_, decoded := hostileTokens(0)
	for name := range decoded {
		works["a token of "+name] = func(n int) func() {
			_, decoded := hostileTokens(n / 8)
			return func() { _, _ = v.Verify(context.Background(), decoded[name]) }
		}
	}
	for _, test := range hostileHeaders {
		works[test.name] = func(n int) func() {
			r := hostileRequest(test.header, test.value(n))
			return func() { h.ServeHTTP(unwritten{http.Header{}}, r) }
		}
	}
	works["names of claims"] = func(n int) func() {
		token := forge(goodHeader(jose.ES256).with("alg", `"RS256"`), text("{"+names(n/16)+`"x":0}`))
		return func() { _, _ = v.Verify(context.Background(), token) }
	}
	for name, work := range works {
		grew := math.Inf(1)
		for tries := 0; grew > 32 && tries < 20; tries++ { // a busy machine spoils some comparisons, but not all
			grew = quickest(work(1<<16)) / quickest(work(1<<13))
		}
		if grew > 32 {
			t.Errorf("eight times as much of %s takes %.0f times as long, want about 8", name, grew)
		}
	}
}

// TestLengthIsLookedAtFirst takes a good token of exactly the longest that is looked at, and
// refuses one byte more.
func TestLengthIsLookedAtFirst(t *testing.T) {
	v := mustNew(t, testConfig())
	padded := func(n int) string {
		return forge(goodHeader(jose.ES256), goodClaims().with("x", quote(strings.Repeat("x", n))))
	}
	n := 5500
	for len(padded(n)) < 8<<10 {
		n++
	}
	for length := len(padded(n)); length > 8<<10; length = len(padded(n)) {
		n--
	}
	longest := padded(n)
	check(t, v, longest, "")
	if len(longest) < 8<<10-3 {
		t.Fatalf("the longest good token has %d bytes, want nearly 8,192", len(longest))
	}
	for _, more := range []string{padded(n + 3), longest + strings.Repeat("A", 8<<10+1-len(longest))} {
		_, err := v.Verify(context.Background(), more)
		if codeOf(err) != verify.CodeInvalidToken || !strings.Contains(answerTo(v, more), "over 8192 bytes long") {
			t.Errorf("Verify of %d bytes = %s, want too long", len(more), answerTo(v, more))
		}
	}
}
