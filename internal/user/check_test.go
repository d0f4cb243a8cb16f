package user_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/user"
)

// TestEmails keeps an address as typed, under the one key that its spellings share.
func TestEmails(t *testing.T) {
	f := open(t)
	long := strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 94) + "c" // 254 bytes
	tests := []struct{ typed, shown, key string }{
		{"Carl@Example.com", "Carl@Example.com", "carl@example.com"},
		{"carl+tag@localhost", "carl+tag@localhost", "carl+tag@localhost"},
		{"o'hara.x_y@a-b.example", "o'hara.x_y@a-b.example", "o'hara.x_y@a-b.example"},
		{"Zoe\u0308@Bu\u0308cher.example", "Zo\u00eb@B\u00fccher.example", "zo\u00eb@b\u00fccher.example"},
		{"\uff44ora\uff20example.com", "\uff44ora\uff20example.com", "dora@example.com"},
		{long, long, long},
		{" \teve@example.com\u00a0\n", "eve@example.com", "eve@example.com"},
		{"fay@xn--bcher-kva.example", "fay@xn--bcher-kva.example", "fay@b\u00fccher.example"},
		{"gus@XN--BCHER-KVA.example", "gus@XN--BCHER-KVA.example", "gus@b\u00fccher.example"},
		{"hal@a--b.example", "hal@a--b.example", "hal@a--b.example"},
		{"ida@" + label(63) + ".example", "ida@" + label(63) + ".example", "ida@" + label(63) + ".example"},
	}
	for _, tt := range tests {
		proof, err := f.Create(t.Context(), audit.Operator(), user.Fresh{Email: tt.typed, Password: secret.New(good)})
		if err != nil {
			t.Errorf("Create(%q) = %v", tt.typed, err)
			continue
		}
		if u := f.row(proof.User); u.Email != tt.shown || u.EmailKey != tt.key {
			t.Errorf("Create(%q) keeps %q under %q, want %q under %q", tt.typed, u.Email, u.EmailKey, tt.shown, tt.key)
		}
	}
}

// label returns a label of a domain with n letters.
func label(n int) string { return strings.Repeat("a", n) }

// TestBadEmails refuses what is no address, or what mail programs read in different ways.
func TestBadEmails(t *testing.T) {
	f := open(t)
	bad := []string{
		"ada", "@example.com", "ada@", "ada@@example.com", "ada@b@example.com", "a da@example.com",
		"ada@exam ple.com", `"ada"@example.com`, "ada,bea@example.com", "ada;bea@example.com", "<ada@example.com>",
		"Ada <ada@example.com>", "ada(x)@example.com", "ada@[192.0.2.1]", "ada@example..com", ".ada@example.com",
		"ada.@example.com", "a..da@example.com", "ada@.example.com", "ada@example.com.", "ada@-example.com",
		"ada@exa_mple.com", "ada@example-.com", "ada@example.-com", "ada@b.example-", "ada@xn--a.example",
		"ada@xn--bcher-kva-.example", "ada@" + label(64) + ".example",
		"ada@" + strings.Repeat("\u00fc", 60) + ".example",
		"a da@example.com", "ada\x00@example.com", "ada\n@example.com", "ada\u200b@example.com",
		"ada\u202e@example.com",
		"ada\xff@example.com", strings.Repeat("a", 65) + "@example.com", strings.Repeat("a.", 125) + "b@example.com",
	}
	for _, email := range bad {
		_, err := f.Create(t.Context(), audit.Operator(), user.Fresh{Email: email, Password: secret.New(good)})
		if diff := cmp.Diff([]string{"email invalid"}, mistakes(err)); diff != "" {
			t.Errorf("Create(%q) = %v (-want +got):\n%s", email, err, diff)
		}
	}
	for _, empty := range []string{"", " ", "\u00a0\n"} {
		_, err := f.Create(t.Context(), audit.Operator(), user.Fresh{Email: empty, Password: secret.New(good)})
		if diff := cmp.Diff([]string{"email required"}, mistakes(err)); diff != "" {
			t.Errorf("Create(%q) = %v (-want +got):\n%s", empty, err, diff)
		}
	}
}

// scotland is a flag: a black one, and what stands for a region in tags that nobody sees.
const scotland = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"

// TestNames takes names as people write them, without what acts on text instead of showing.
func TestNames(t *testing.T) {
	f := open(t)
	tests := []struct{ typed, want, mistake string }{
		{"", "", ""},
		{"  Ada\t", "Ada", ""},
		{"Zoe\u0308", "Zo\u00eb", ""},
		{"\u0645\u06cc\u200c\u062e\u0648", "\u0645\u06cc\u200c\u062e\u0648", ""}, // Persian, with a non-joiner
		{"\U0001f469\u200d\U0001f680", "\U0001f469\u200d\U0001f680", ""},         // an astronaut
		{strings.Repeat("\u00e4", 100), strings.Repeat("\u00e4", 100), ""},
		{strings.Repeat("a", 101), "", "too_long"},
		{"A\x00da", "", "invalid"},
		{"Ada\nBea", "", "invalid"},
		{"Ada\u2028Bea", "", "invalid"},
		{"Ada\u001b[2J", "", "invalid"},
		{"Ada\ue000", "", "invalid"}, // private use
		{"\u202bAda\u202e\u200e\ufeff", "Ada", ""},
		{"Ada\u202eaeB", "AdaaeB", ""},
		{"A\u00adda\u200b \u2066Bea\u2069", "Ada Bea", ""},
		{"\u05d3\u05d5\u05d3\u200f", "\u05d3\u05d5\u05d3", ""}, // Hebrew, with a mark behind
		{"\u200d \u200c", "", ""},
		{scotland, scotland, ""},
		{"Ada " + scotland + "!", "Ada " + scotland + "!", ""},
		{"A\U000e0041da\U000e007f", "Ada", ""}, // tags without a flag
		{"\U0001f3f4\U000e0067\U000e0062", "\U0001f3f4", ""},
		{"\u0600\u0661", "\u0600\u0661", ""}, // an Arabic number sign, which is seen
		{"e\u200b\u0301", "\u00e9", ""},
		{strings.Repeat("a", 100) + "\u200e", strings.Repeat("a", 100), ""},
		{"Ada\xff", "", "invalid"},
	}
	for _, tt := range tests {
		u, err := f.Rename(t.Context(), audit.Caller{User: f.ada}, tt.typed)
		if tt.mistake != "" {
			if got := mistakes(err); !cmp.Equal(got, []string{"name " + tt.mistake}) {
				t.Errorf("Rename(%q) = %v, want name %s", tt.typed, err, tt.mistake)
			}
		} else if u.Name != tt.want || err != nil {
			t.Errorf("Rename(%q) = %q, %v, want %q", tt.typed, u.Name, err, tt.want)
		}
	}
}

// TestRoles takes names that can stand in a token, a header and a list.
func TestRoles(t *testing.T) {
	f := open(t)
	var many []string
	for i := range 21 {
		many = append(many, strings.Repeat("r", i+1))
	}
	tests := []struct {
		given, want []string
		mistake     string
	}{
		{nil, nil, ""},
		{[]string{"b", "a", "b"}, []string{"a", "b"}, ""},
		{[]string{"Team:a.b/c-d_1"}, []string{"Team:a.b/c-d_1"}, ""},
		{many[:20], many[:20], ""},
		{many, nil, "too_many"},
		{[]string{strings.Repeat("r", 32)}, []string{strings.Repeat("r", 32)}, ""},
		{[]string{strings.Repeat("r", 33)}, nil, "invalid"},
		{[]string{""}, nil, "invalid"},
		{[]string{"a b"}, nil, "invalid"},
		{[]string{"a,b"}, nil, "invalid"},
		{[]string{"\u00e4"}, nil, "invalid"},
	}
	for _, tt := range tests {
		u, err := f.SetRoles(t.Context(), audit.Operator(), f.ada, tt.given)
		if tt.mistake != "" {
			if got := mistakes(err); !cmp.Equal(got, []string{"roles " + tt.mistake}) {
				t.Errorf("SetRoles(%q) = %v, want roles %s", tt.given, err, tt.mistake)
			}
		} else if !cmp.Equal(u.Roles, tt.want) || err != nil {
			t.Errorf("SetRoles(%q) = %q, %v, want %q", tt.given, u.Roles, err, tt.want)
		}
	}
}
