package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/handstamp/handstamp/internal/fault"
)

// post is a form as a browser on our own pages sends it.
func post(body string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// TestReadPageForm takes what our pages send and refuses the rest.
func TestReadPageForm(t *testing.T) {
	tests := []struct {
		name, body string
		header     string
		value      string     // of header; empty: taken away
		want       fault.Code // empty: taken
	}{
		{"plain", "email=a%40b&password=+x+", "", "", ""},
		{"with charset", "email=a%40b&password=+x+", "Content-Type", "application/x-www-form-urlencoded;charset=UTF-8",
			""},
		{"media type in capitals", "email=a%40b&password=+x+", "Content-Type", "Application/X-WWW-Form-Urlencoded", ""},
		{"nothing of where from", "email=a%40b&password=+x+", "Sec-Fetch-Site", "", fault.CrossOrigin},
		{"unknown", "email=a%40b&x=1", "", "", fault.MalformedBody},
		{"twice", "email=a&email=b", "", "", fault.MalformedBody},
		{"unnamed", "email=a&=b", "", "", fault.MalformedBody},
		{"semicolon", "email=a;password=b", "", "", fault.MalformedBody},
		{"half an escape", "email=%4", "", "", fault.MalformedBody},
		{"not UTF-8", "email=%ff", "", "", fault.MalformedBody},
		{"JSON", `{"email":"a"}`, "Content-Type", "application/json", fault.UnsupportedMediaType},
		{"no type", "email=a", "Content-Type", "", fault.UnsupportedMediaType},
		{"no type, nothing in it", "", "Content-Type", "", ""},
		{"another parameter", "email=a", "Content-Type", "application/x-www-form-urlencoded; x=y",
			fault.UnsupportedMediaType},
		{"type that contains ours", "email=a", "Content-Type", "text/plain; a=application/x-www-form-urlencoded",
			fault.UnsupportedMediaType},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := post(test.body)
			if test.header != "" {
				r.Header.Set(test.header, test.value)
			}
			if test.header != "" && test.value == "" {
				r.Header.Del(test.header)
			}
			got, err := readPageForm(r, []string{"email", "password"})
			if test.want != "" {
				if !fault.HasCode(err, test.want) {
					t.Errorf("readPageForm(%q) = %v, want %s", test.body, err, test.want)
				}
				return
			}
			if err != nil || test.body != "" && (got.Get("email") != "a@b" || got.Get("password") != " x ") {
				t.Errorf("readPageForm(%q) = %v, %v, want both fields as typed", test.body, got, err)
			}
		})
	}
}

// TestReadPageFormOfTwoTypes refuses a form of two media types, of which one reader may believe the
// other.
func TestReadPageFormOfTwoTypes(t *testing.T) {
	r := post("email=a")
	r.Header.Add("Content-Type", "application/json")
	if _, err := readPageForm(r, []string{"email"}); !fault.HasCode(err, fault.UnsupportedMediaType) {
		t.Errorf("readPageForm = %v, want unsupported_media_type", err)
	}
}

// FuzzReadPageForm finds no body that is taken and holds anything but named fields in UTF-8.
func FuzzReadPageForm(f *testing.F) {
	for _, seed := range []string{"", "email=a", "email=a&password=b", "email=%", "email=a&email=b", "a;b", "%00=x",
		"email=\xff", "email", "&&&", "email=a%26b", "=", "email=%F0%9F%98%80"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, err := readPageForm(post(body), []string{"email", "password"})
		if err != nil {
			if fault.From(err).Kind != fault.Invalid {
				t.Errorf("readPageForm(%q) = %v, want a fault of the sender's", body, err)
			}
			return
		}
		for _, name := range []string{"email", "password"} {
			if !utf8.ValidString(got.Get(name)) {
				t.Errorf("readPageForm(%q): %s = %q", body, name, got.Get(name))
			}
		}
		again := url.Values{}
		for _, name := range []string{"email", "password"} {
			if got.Get(name) != "" {
				again.Set(name, got.Get(name))
			}
		}
		if read, err := readPageForm(post(again.Encode()), []string{"email", "password"}); err != nil ||
			read.Get("email") != got.Get("email") || read.Get("password") != got.Get("password") {
			t.Errorf("readPageForm(%q) does not survive being sent again: %v", body, err)
		}
	})
}
