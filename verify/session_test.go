package verify_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify"
)

// sessionWith is a verified session whose token has more claims, written as JSON members.
func sessionWith(t *testing.T, more string) *verify.Session {
	t.Helper()
	claims := goodClaims().String()
	v := mustNew(t, testConfig())
	s, err := v.Verify(context.Background(), forge(goodHeader(jose.ES256), text(claims[:len(claims)-1]+more+"}")))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// level is a type that decodes itself from text.
type level int

// UnmarshalText takes "low" and "high".
func (l *level) UnmarshalText(b []byte) error {
	*l = level(len(b))
	return nil
}

// everything has a field of each kind that claims decode into.
type everything struct {
	Text    string          `json:"text"`
	Yes     bool            `json:"yes,omitempty"`
	Int     int8            `json:"int"`
	Uint    uint64          `json:"uint"`
	Float   float64         `json:"float"`
	List    []string        `json:"list"`
	Map     map[string]int  `json:"map"`
	Nested  struct{ A int } `json:"nested"`
	Pointer *int            `json:"pointer"`
	Nothing *int            `json:"nothing"`
	Any     any             `json:"any"`
	Raw     json.RawMessage `json:"raw"`
	When    time.Time       `json:"when"`
	Level   level           `json:"level"`
	Subject string          `json:"sub"`
	Plain   string
	Skipped string            `json:"-"`
	Deep    []map[string]bool `json:"deep"`
	hidden  string            // not exported, so never filled
}

// TestClaims decodes one of each kind.
func TestClaims(t *testing.T) {
	s := sessionWith(
		t,
		`,"text":"a\u00e9","yes":true,"int":-128,"uint":18446744073709551615,"float":1.5e3,"list":["a","b"],
		"map":{"x":1},"nested":{"A":7,"a":8,"b":9},"pointer":5,"nothing":null,"any":{"k":[1,"x",true,null]},"raw":{"a" : 1},
		"when":"2026-11-22T12:00:00Z","level":"high","Plain":"p","Skipped":"s","-":"d","hidden":"h","deep":[{"a":true}],"unknown":{"x":1}`,
	)
	got := everything{Nothing: new(int)}
	if err := s.Claims(&got); err != nil {
		t.Fatal(err)
	}
	five := 5
	want := everything{
		Text: "aé", Yes: true, Int: -128, Uint: 18446744073709551615, Float: 1500, List: []string{"a", "b"},
		Map: map[string]int{"x": 1}, Nested: struct{ A int }{7}, Pointer: &five,
		Any: map[string]any{"k": []any{1.0, "x", true, nil}}, Raw: json.RawMessage(`{"a" : 1}`),
		When: now, Level: 4, Subject: "ada", Plain: "p", Deep: []map[string]bool{{"a": true}},
	}
	if !reflect.DeepEqual(got, want) || got.hidden != "" {
		t.Errorf("Claims = %+v, want %+v", got, want)
	}
}

// TestClaimsMap decodes into a map what was added, and nothing that is registered.
func TestClaimsMap(t *testing.T) {
	s := sessionWith(t, `,"plan":"pro","org":{"sub":"x"}`)
	got := map[string]any{"before": 1.0}
	if err := s.Claims(&got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"before": 1.0, "plan": "pro", "org": map[string]any{"sub": "x"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Claims = %v, want %v", got, want)
	}
	var typed map[string]string
	if err := sessionWith(t, `,"plan":"pro"`).Claims(&typed); err != nil || len(typed) != 1 || typed["plan"] != "pro" {
		t.Errorf("Claims = %v, %v, want only the plan", typed, err)
	}
}

// TestClaimsExactNames compares names byte by byte, which encoding/json does not.
func TestClaimsExactNames(t *testing.T) {
	var got struct {
		Plan string `json:"plan"`
		Sub  string // "Sub" is no claim of this token
	}
	if err := sessionWith(t, `,"PLAN":"root","Plan":"root"`).Claims(&got); err != nil || got.Plan != "" ||
		got.Sub != "" {
		t.Errorf("Claims = %+v, %v, want nothing", got, err)
	}
}

// TestClaimsRefuses lists claims that do not fit the fields they are asked into.
func TestClaimsRefuses(t *testing.T) {
	for _, test := range []struct {
		name, value string
		into        any
	}{
		{"null into text", `null`, new(struct{ X string })},
		{"null into a number", `null`, new(struct{ X int })},
		{"null into a struct", `null`, new(struct{ X struct{} })},
		{"a number into text", `1`, new(struct{ X string })},
		{"text into a number", `"1"`, new(struct{ X int })},
		{"text into a bool", `"true"`, new(struct{ X bool })},
		{"a fraction into an int", `1.5`, new(struct{ X int })},
		{"a whole fraction into an int", `1.0`, new(struct{ X int })},
		{"an exponent into an int", `1e3`, new(struct{ X int })},
		{"too large for int8", `128`, new(struct{ X int8 })},
		{"too large for int64", `9223372036854775808`, new(struct{ X int64 })},
		{"negative into uint", `-1`, new(struct{ X uint })},
		{"too large for float32", `1e300`, new(struct{ X float32 })},
		{"an object into a list", `{}`, new(struct{ X []int })},
		{"a list into an object", `[]`, new(struct{ X map[string]int })},
		{"a list into text", `["a"]`, new(struct{ X string })},
		{"a mixed list", `[1,"a"]`, new(struct{ X []int })},
		{"a number into what decodes text", `1`, new(struct{ X level })},
		{"no time", `"yesterday"`, new(struct{ X time.Time })},
		{"into a map of numbers", `{}`, new(struct{ X map[int]int })},
		{"into a channel", `1`, new(struct{ X chan int })},
		{"into an interface with methods", `"a"`, new(struct{ X error })},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := sessionWith(t, `,"X":`+test.value).Claims(test.into)
			if err == nil || !strings.Contains(err.Error(), `claim "X"`) {
				t.Errorf("Claims = %v, want an error about X", err)
			}
		})
	}
	s := sessionWith(t, "")
	var nilMap *map[string]any
	for _, into := range []any{nil, everything{}, map[string]any{}, new(string), new([]any), new(map[int]any), nilMap} {
		if err := s.Claims(into); err == nil {
			t.Errorf("Claims(%T): no error, want one", into)
		}
	}
	if err := new(verify.Session).Claims(new(everything)); err == nil {
		t.Error("Claims of a session that no verifier made: no error, want one")
	}
}

// TestFromContext finds no session where none was put.
func TestFromContext(t *testing.T) {
	if s := verify.FromContext(context.Background()); s != nil {
		t.Errorf("FromContext = %v, want nil", s)
	}
	s := &verify.Session{Subject: "ada"}
	if got := verify.FromContext(verify.NewContext(context.Background(), s)); got != s {
		t.Errorf("FromContext = %v, want the session put in", got)
	}
}

// TestNewContext keeps a session in a context, and all that the context had before.
func TestNewContext(t *testing.T) {
	type key struct{}
	before, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "before"))
	one, two := sessionWith(t, ""), sessionWith(t, "")
	first := verify.NewContext(before, one)
	second, stop := context.WithCancel(verify.NewContext(first, two))
	defer stop()
	for _, test := range []struct {
		name string
		ctx  context.Context
		want *verify.Session
	}{{"none", before, nil}, {"one", first, one}, {"another within", second, two}} {
		if got := verify.FromContext(test.ctx); got != test.want {
			t.Errorf("%s: FromContext = %p, want %p", test.name, got, test.want)
		}
		if test.ctx.Value(key{}) != "before" || test.ctx.Value("key") != nil {
			t.Errorf("%s: other values are not those of the context before", test.name)
		}
	}
	cause := errors.New("cause")
	cancel(cause)
	<-second.Done()
	if context.Cause(second) != cause || first.Err() == nil {
		t.Errorf("once the context before is over: %v and %v, want its cause", context.Cause(second), first.Err())
	}
}
