package web_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/web"
)

// Origins that the spellings below lead to.
const (
	ours = "https://auth.example.com"
	app  = "https://app.example.com" // allowed
	evil = "https://evil.example"
)

// spelling is a target of return_to.
type spelling struct {
	target string
	leads  string // the origin where a browser goes; null: nowhere that has one; invalid: nowhere
	taken  bool
}

// spellings are targets, and where browsers go from a page of ours: the origins are those
// that the URL standard's own algorithm gives. What is refused though it stays with us is
// spelled as nobody writes it who means well. standards XO-16
var spellings = []spelling{
	{"/account", ours, true},
	{"/", ours, true},
	{"/a/b?c=d#e", ours, true},
	{"/a//b", ours, true},
	{"/account?next=//evil.example", ours, true},
	{"/account?next=https://evil.example", ours, true},
	{"/account#//evil.example", ours, true},
	{"/a:b", ours, true},
	{"/@evil.example", ours, true},
	{"/.", ours, true},
	{"/..//", ours, true},
	{"/%2e%2e/", ours, true},
	{"/a/../b", ours, true},
	{"/;//evil.example", ours, true},
	{ours, ours, true},
	{"https://auth.example.com/", ours, true},
	{"https://auth.example.com/account?x#y", ours, true},
	{"https://auth.example.com?x", ours, true},
	{"https://auth.example.com#x", ours, true},
	{"https://auth.example.com//evil.example", ours, true},
	{app, app, true},
	{"https://app.example.com/", app, true},
	{"https://app.example.com/n?x=y#z", app, true},
	{"https://app.example.com?x", app, true},
	{"https://app.example.com#@evil.example", app, true},
	{"https://app.example.com/@evil.example", app, true},
	{"https://other.example:8443/x", "https://other.example:8443", true},
	{"/%09/evil.example", ours, true},
	{"/%5cevil.example", ours, true},
	{"/..//evil.example", ours, true},
	{"/.//evil.example", ours, true},

	{"", ours, false},
	{"account", ours, false},
	{"./account", ours, false},
	{"../account", ours, false},
	{"?x", ours, false},
	{"#x", ours, false},
	{".", ours, false},
	{"..", ours, false},
	{"//evil.example", evil, false},
	{"///evil.example", evil, false},
	{"////evil.example", evil, false},
	{"/////evil.example/%2f..", evil, false},
	{"//evil.example/..", evil, false},
	{"//auth.example.com", ours, false},
	{"//auth.example.com@evil.example", evil, false},
	{"/\\evil.example", evil, false},
	{"\\/evil.example", evil, false},
	{"\\\\evil.example", evil, false},
	{"/\\/evil.example", evil, false},
	{"\\evil.example", ours, false},
	{"/\t/evil.example", evil, false},
	{"/\n/evil.example", evil, false},
	{"/\r/evil.example", evil, false},
	{"/\r\n/evil.example", evil, false},
	{"\t//evil.example", evil, false},
	{" //evil.example", evil, false},
	{"\n//evil.example", evil, false},
	{"\x00//evil.example", evil, false},
	{"\x01//evil.example", evil, false},
	{"\x1f//evil.example", evil, false},
	{"//\tevil.example", evil, false},
	{"/\t\\evil.example", evil, false},
	{"//evil.example\\@auth.example.com", evil, false},
	{"/%2f%2fevil.example", ours, false},
	{"/%2F/evil.example", ours, false},
	{"/account\r\nSet-Cookie: x=y", ours, false},
	{"/account\x00", ours, false},
	{"/account\x7f", ours, false},
	{"https:evil.example", ours, false},
	{"https:/evil.example", ours, false},
	{"https:\\evil.example", ours, false},
	{"https:\\\\evil.example", evil, false},
	{"https:///evil.example", evil, false},
	{"https:////evil.example", evil, false},
	{"https:/\\evil.example", evil, false},
	{evil, evil, false},
	{"HTTPS://evil.example", evil, false},
	{"hTTps:evil.example", ours, false},
	{"http:evil.example", "http://evil.example", false},
	{"http:/evil.example", "http://evil.example", false},
	{"http://evil.example", "http://evil.example", false},
	{"http://auth.example.com/", "http://auth.example.com", false},
	{"https:/account", ours, false},
	{"https:account", ours, false},
	{"https:", ours, false},
	{"https:/", ours, false},
	{"https://", "invalid", false},
	{"ws://auth.example.com/", "ws://auth.example.com", false},
	{"wss://auth.example.com", "wss://auth.example.com", false},
	{"ftp://auth.example.com/", "ftp://auth.example.com", false},
	{"file:///etc/passwd", "null", false},
	{"file://auth.example.com/", "null", false},
	{"ht\ntps://evil.example", evil, false},
	{"h\tttps://evil.example", evil, false},
	{"https\t://evil.example", evil, false},
	{"https://\tevil.example", evil, false},
	{"https://auth.example.com\t.evil.example", "https://auth.example.com.evil.example", false},
	{"https://auth.example.com\n@evil.example", evil, false},
	{"https://auth.example.com@evil.example", evil, false},
	{"https://auth.example.com:x@evil.example/", evil, false},
	{"https://auth.example.com:443@evil.example", evil, false},
	{"https://auth.example.com%40evil.example", "invalid", false},
	{"https://x@auth.example.com/", ours, false},
	{"https://x:y@auth.example.com/", ours, false},
	{"https://@auth.example.com/", ours, false},
	{"https://:@auth.example.com/", ours, false},
	{"https://evil.example\\@auth.example.com", evil, false},
	{"https://evil.example#@auth.example.com", evil, false},
	{"https://evil.example?@auth.example.com", evil, false},
	{"https://evil.example/@auth.example.com", evil, false},
	{"https://auth.example.com\\.evil.example", ours, false},
	{"https://auth.example.com\\@evil.example", ours, false},
	{"https://auth.example.com\\evil", ours, false},
	{"https://auth.example.com.evil.example", "https://auth.example.com.evil.example", false},
	{"https://auth.example.comevil.example", "https://auth.example.comevil.example", false},
	{"https://auth.example.com.", "https://auth.example.com.", false},
	{"https://auth.example.com:0443/", ours, false},
	{"https://auth.example.com:444/", "https://auth.example.com:444", false},
	{"https://auth.example.com%2eevil.example", "https://auth.example.com.evil.example", false},
	{"https://auth%2eexample.com/", ours, false},
	{"https://%61uth.example.com/", ours, false},
	{"https://auth.example.com%00.evil.example", "invalid", false},
	{"https://auth.example.com\x00.evil.example", "invalid", false},
	{"https://auth.example.com\u3002evil.example", "https://auth.example.com.evil.example", false},
	{"https://[::1]/", "https://[::1]", false},
	{"https://[auth.example.com]/", "invalid", false},
	{"https://x.auth.example.com/", "https://x.auth.example.com", false},
	{"https://app.example.com.evil.example", "https://app.example.com.evil.example", false},
	{"https://app.example.com@evil.example", evil, false},
	{"http://app.example.com/", "http://app.example.com", false},
	{"https://app.example.com:444/", "https://app.example.com:444", false},
	{"https://other.example/", "https://other.example", false},
	{"https://other.example:8443@evil.example", evil, false},
	{"https://other.example:84430/", "invalid", false},
	{"javascript:alert(1)", "null", false},
	{"JavaScript:alert(1)", "null", false},
	{"java\tscript:alert(1)", "null", false},
	{"\x01javascript:alert(1)", "null", false},
	{"javascript://auth.example.com/%0aalert(1)", "null", false},
	{"javascript:https://auth.example.com/", "null", false},
	{"data:text/html,x", "null", false},
	{"vbscript:x", "null", false},
	{"blob:https://auth.example.com/x", "null", false},
	{"view-source:https://auth.example.com/", "null", false},
	{"about:blank", "null", false},
	{"mailto:ada@example.com", "null", false},
	{"//https://auth.example.com", "https://https", false},
	{"https://https://auth.example.com", "https://https", false},
	{"null", ours, false},
	{"//", "invalid", false},
	{"/\\", "invalid", false},
	{"\\", ours, false},
	{"https://auth.example.com:https://evil.example", "invalid", false},
	{"%2f%2fevil.example", ours, false},
	{"%68ttps://evil.example", ours, false},
	{"..//evil.example", ours, false},
	{".//evil.example", ours, false},
	{"\uff48ttps://evil.example", ours, false},
	{"https\uff1a//evil.example", ours, false},
	{"\uff0f\uff0fevil.example", ours, false},
}

// respelled are targets that come back in another spelling, which every browser reads alike.
var respelled = []struct{ target, want string }{
	{"/account ", "/account"},
	{"  /account", "/account"},
	{"/a b?c d#e f", "/a%20b?c%20d#e%20f"},
	{"/größe?q=größe#größe", "/gr%C3%B6%C3%9Fe?q=gr%C3%B6%C3%9Fe#gr%C3%B6%C3%9Fe"},
	{"/\u00a0/evil.example", "/%C2%A0/evil.example"},
	{"/\u2028/evil.example", "/%E2%80%A8/evil.example"},
	{"/\u202e/moc", "/%E2%80%AE/moc"},
	{"/100%", "/100%"},
	{"/%zz", "/%zz"},
	{"https://AUTH.Example.com/Account", "https://auth.example.com/Account"},
	{"HTTPS://auth.example.com", "https://auth.example.com"},
	{"https://auth.example.com:443/", "https://auth.example.com/"},
	{"https://auth.example.com:/", "https://auth.example.com/"},
	{"https://auth\u3002example.com/", "https://auth.example.com/"},
	{"https://\uff41uth.example.com/", "https://auth.example.com/"},
	{"https://auth.example.com\u00ad/", "https://auth.example.com/"},
	{"https://APP.example.com/übersicht?q=a b", app + "/%C3%BCbersicht?q=a%20b"},
	{"https://bücher.example/", "https://xn--bcher-kva.example/"},
	{"https://BÜCHER.example?x", "https://xn--bcher-kva.example?x"},
}

// TestReturnToRespelled reads targets as browsers do, where there are several spellings.
func TestReturnToRespelled(t *testing.T) {
	s := mustSite(t)
	for _, tt := range respelled {
		if got := s.ReturnTo(tt.target, "/fallback"); got != tt.want {
			t.Errorf("ReturnTo(%q) = %q, want %q", tt.target, got, tt.want)
		}
		if got := s.ReturnTo(tt.want, "/fallback"); got != tt.want {
			t.Errorf("ReturnTo(%q) = %q, want it as it is", tt.want, got)
		}
		was, is := browsed(tt.target, ours+"/signin"), browsed(tt.want, ours+"/signin")
		if was != is && !strings.Contains(is, "xn--") { // the model reads no punycode
			t.Errorf("a browser goes from %q to %s, and from %q to %s", tt.target, was, tt.want, is)
		}
	}
}

// TestReturnToOnLoopback leads to whatever else runs on the machine while we are there ourselves,
// by http; never from a server that others reach.
func TestReturnToOnLoopback(t *testing.T) {
	here, err := web.NewSite("http://localhost:8787", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	there := mustSite(t)
	for target, taken := range map[string]bool{
		"http://localhost:3000/x": true, "http://127.0.0.1:3000/x": true, "https://localhost/x": true,
		"http://[::1]:3000/x": true, "http://127.8.8.8/x": true, "http://LocalHost:3000/x": true,
		"http://localhost.evil.example/x": false, "http://192.0.2.1/x": false, "http://localhost@evil.example/": false,
		"http://evil.example#localhost": false, "http://127.0.0.1.evil.example/": false,
	} {
		if got := here.ReturnTo(target, ""); (got != "") != taken {
			t.Errorf("ReturnTo(%q) = %q on loopback, taken: want %v", target, got, taken)
		}
		if got := there.ReturnTo(target, ""); got != "" {
			t.Errorf("ReturnTo(%q) = %q on %s, want it refused", target, got, ours)
		}
	}
}

// mustSite returns the site that the spellings are about.
func mustSite(t testing.TB) web.Site {
	t.Helper()
	s, err := web.NewSite(ours, []string{app, "https://other.example:8443", "https://xn--bcher-kva.example"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestReturnTo takes what stays with us or goes to an allowed origin, and nothing else.
func TestReturnTo(t *testing.T) {
	s := mustSite(t)
	for _, tt := range spellings {
		want := "/fallback"
		if tt.taken {
			want = tt.target
		}
		if got := s.ReturnTo(tt.target, "/fallback"); got != want {
			t.Errorf("ReturnTo(%q) = %q, want %q", tt.target, got, want)
		}
	}
}

// TestSpellings holds the table to a browser: it takes nothing that leads elsewhere, and is
// about more than what a browser would refuse by itself.
func TestSpellings(t *testing.T) {
	leaving := 0
	for _, tt := range spellings {
		if got := browsed(tt.target, ours+"/signin"); got != tt.leads {
			t.Errorf("a browser goes from %q to %q, want %q", tt.target, got, tt.leads)
		}
		if stays := tt.leads == ours || tt.leads == app || tt.leads == "https://other.example:8443"; !stays {
			leaving++
			if tt.taken {
				t.Errorf("%q leads to %s and is taken", tt.target, tt.leads)
			}
		}
	}
	if leaving < 60 {
		t.Errorf("%d spellings lead elsewhere, want at least 60", leaving)
	}
}

// FuzzReturnTo holds whatever is taken to our origin or an allowed one, as a browser reads it,
// from pages at the root and below a path.
func FuzzReturnTo(f *testing.F) {
	for _, tt := range spellings {
		f.Add(tt.target)
	}
	s := mustSite(f)
	f.Fuzz(func(t *testing.T, target string) {
		got := s.ReturnTo(target, "/fallback")
		if again := s.ReturnTo(got, "/fallback"); again != got {
			t.Fatalf("ReturnTo(%q) = %q, which comes back as %q", target, got, again)
		}
		for _, page := range []string{ours + "/signin", ours + "/auth/session/renew?return_to=x"} {
			if leads := browsed(got, page); leads != ours && !slices.Contains(s.Allowed, leads) {
				t.Errorf("ReturnTo(%q) leads a browser to %s", target, leads)
			}
		}
		for _, c := range []byte(got) {
			if c <= ' ' || c >= 0x7f || c == '\\' {
				t.Errorf("ReturnTo(%q) has the byte %#x, which browsers drop or read otherwise", target, c)
			}
		}
	})
}
