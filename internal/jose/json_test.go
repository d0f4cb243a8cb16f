package jose_test

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/handstamp/handstamp/internal/jose"
)

// readAll checks text whole, as a reader that wants nothing of it.
func readAll(text string) error {
	r := jose.NewReader(text)
	r.Skip()
	return r.Close()
}

// nested is n arrays in one another.
func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

// TestReaderAccepts lists JSON that every parser should take.
func TestReaderAccepts(t *testing.T) {
	for _, text := range []string{
		`{}`, `[]`, `""`, `0`, `-0`, `true`, `false`, `null`, ` { } `, "\t[\r\n]\n",
		`{"a":1}`, `{"a":1,"b":[1,2,{"a":null}]}`, `{"":0}`, `{"a":{"a":{"a":1}}}`,
		`[1,-1,0.5,1e5,1E+5,1e-5,-0.0e0,123456789012345678901234567890]`,
		`"\"\\\/\b\f\n\r\t"`, `"\u0041\u00e9\u20ac"`, `"\ud83d\ude00"`, `"é€😀"`, `"\u0000"`, "\"\x7f\"",
		`{"a":"\u0061","b":0}`, nested(16),
		`[0e+1]`, `[0E-1]`, `[123.456e78]`, `1E22`, `-1e-0`, `[-0]`, `{"\u0000":0}`, `{"a\tb":"\/"}`, `"\uDBFF\uDFFF"`, `"\uFFFF\uFDD0"`,
		"\"\uffff\u2028\u2029\"", `"\u0060\u012a\u12AB"`, `"/* no comment */"`, `1.7976931348623157e308`, `1e-400`, strings.Repeat("9", 308), `[[],{},"",0,null]`, `"\\u0000\\"`, "[\n1\r\n,\t2 ]",
	} {
		t.Run(text, func(t *testing.T) {
			if err := readAll(text); err != nil {
				t.Errorf("read %s: %v", text, err)
			}
		})
	}
}

// TestReaderRefuses lists text that is no JSON, or JSON that two parsers understand differently.
func TestReaderRefuses(t *testing.T) {
	for _, test := range []struct{ name, text string }{
		{"nothing", ``}, {"blanks", " \n"}, {"two values", `{}{}`}, {"a word after", `{}x`}, {"NUL after", "{}\x00"},
		{"a comment", `{/**/}`}, {"a comment after", `{} // x`}, {"a byte order mark", "\ufeff{}"},
		{"no closing brace", `{"a":1`}, {"no closing bracket", `[1`}, {"wrong closing", `[1}`}, {"only closing", `]`},
		{"no value", `{"a":}`}, {"no colon", `{"a"1}`}, {"two colons", `{"a"::1}`}, {"no name", `{:1}`},
		{"a name without quotes", `{a:1}`}, {"single quotes", `{'a':1}`}, {"a number as name", `{1:1}`},
		{"a comma at the end of an object", `{"a":1,}`}, {"a comma at the end of an array", `[1,]`},
		{"a comma first", `[,1]`}, {"two commas", `[1,,1]`}, {"no comma", `[1 1]`}, {"a colon in an array", `["a":1]`},
		{"a name twice", `{"a":1,"a":1}`}, {"a name twice by escape", `{"a":1,"\u0061":1}`},
		{"a name twice below", `{"x":[{"a":1,"a":2}]}`}, {"an empty name twice", `{"":1,"":2}`},
		{"leading zero", `01`}, {"minus alone", `-`}, {"plus", `+1`}, {"bare point", `1.`}, {"no whole", `.5`},
		{"exponent without digits", `1e`}, {"exponent with sign alone", `1e+`}, {"hexadecimal", `0x1`},
		{"infinity", `Infinity`}, {"minus infinity", `-Infinity`}, {"not a number", `NaN`}, {"two points", `1.2.3`},
		{"words in capitals", `True`}, {"half a word", `nul`}, {"a longer word", `nullx`},
		{"a string without end", `"a`}, {"an escape without end", `"\`}, {"an unknown escape", `"\x41"`},
		{"a short escape", `"\u12"`}, {"an escape of no digits", `"\u12g4"`}, {"an escaped quote at the end", `"\"`},
		{"a newline in a string", "\"a\nb\""}, {"a tab in a string", "\"a\tb\""}, {"NUL in a string", "\"a\x00b\""},
		{"a newline after an escape", "\"\\n\n\""},
		{"a low surrogate", `"\udc00"`}, {"a high surrogate", `"\ud800"`}, {"a high surrogate and a letter", `"\ud800a"`},
		{"two high surrogates", `"\ud800\ud800"`}, {"a pair turned around", `"\udc00\ud800"`},
		{"a high surrogate and an escape", `"\ud800\n"`}, {"a high surrogate in a name", `{"\ud800":1}`},
		{"a lone surrogate as bytes", "\"\xed\xa0\x80\""}, {"a byte alone", "\"\xff\""}, {"overlong", "\"\xc0\xaf\""},
		{"cut short", "\"\xe2\x82\""}, {"beyond Unicode", "\"\xf4\x90\x80\x80\""}, {"UTF-16", "\xff\xfe{\x00}\x00"},
		{"too deep", nested(17)}, {"too deep in objects", strings.Repeat(`{"a":`, 17) + "1" + strings.Repeat("}", 17)},
		{"zero before a digit, negative", `[-01]`}, {"a point and an exponent", `[0.e1]`}, {"an exponent twice", `[1e5e5]`},
		{"a point in an exponent", `[1e0.5]`}, {"a blank in a number", `[1 000]`}, {"an underscore in a number", `[1_000]`},
		{"a blank after minus", `[- 1]`}, {"two minuses", `[--1]`}, {"a digit of another script", "[\uff11]"},
		{"an escape outside", `[\n]`},
		{"an escaped name without quotes", `[\u0061]`}, {"an escape in capitals", `"\U0041"`}, {"half a pair of brackets", `[[]`},
		{"words run together", `[truefalse]`}, {"an object without comma", `{"a":1 "b":2}`}, {"a value without name", `{"a":1,2}`},
		{"two names", `{"a" "b":1}`}, {"a name alone", `{"a"}`}, {"an open name", `{"a`}, {"a nested comment", `{"a":/**/1}`}, {"a hash after", `{}#`},
		{"a backslash at the end", `"\\` + `\`}, {"a surrogate cut short", `"\ud83d\u"`}, {"a pair of one escape", `"\ud83d\u12"`},
		{"beyond a double", `{"x":1e309}`}, {"far beyond a double", `[1e99999999999999999999]`},
		{"below a double", `-17953e5200`}, {"too many digits", strings.Repeat("9", 310)},
		{"much too deep", strings.Repeat("[", 1<<20)}, {"a form feed between", "[\f1]"},
		{"a no-break space", "[\u00a01]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := readAll(test.text); err == nil {
				t.Errorf("read %.60q: no error, want one", test.text)
			}
		})
	}
}

// TestReaderManyNames proves that the second kind of name table finds duplicates too.
func TestReaderManyNames(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"n0":0`)
	for i := 1; i < 1000; i++ {
		fmt.Fprintf(&b, `,"n%d":0`, i)
	}
	text := b.String()
	if err := readAll(text + "}"); err != nil {
		t.Errorf("1000 names: %v", err)
	}
	for _, twice := range []int{0, 15, 16, 17, 999} {
		if err := readAll(fmt.Sprintf(`%s,"n%d":0}`, text, twice)); err == nil {
			t.Errorf("name %d twice among 1001: no error, want one", twice)
		}
	}
}

// TestReaderValues takes one value of each kind out of an object.
func TestReaderValues(t *testing.T) {
	const text = ` {"s":"a\u00e9\n😀\ud83d\ude00/\/" , "n":-12.50e3, "t":true,"f":false,"z":null, "l":[1,[2],"x"],"raw": {"a" : 1} ,"left":[[]]} `
	r := jose.NewReader(text)
	var got []string
	for name := range r.Object() {
		switch name {
		case "s":
			got = append(got, r.String())
		case "n":
			got = append(got, string(r.Number()))
		case "t", "f":
			got = append(got, fmt.Sprint(r.Bool()))
		case "z":
			r.Null()
		case "l":
			for i := range r.Array() {
				got = append(got, fmt.Sprintf("%d %s", i, r.Raw()))
			}
		case "raw":
			got = append(got, r.Raw())
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{"aé\n😀😀//", "-12.50e3", "true", "false", "0 1", "1 [2]", `2 "x"`, `{"a" : 1}`}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("values = %q, want %q", got, want)
	}
}

// TestReaderFirstFaultStays proves that a fault ends every loop and cannot be read past.
func TestReaderFirstFaultStays(t *testing.T) {
	read := map[string]func(r *jose.Reader){
		"string": func(r *jose.Reader) { _ = r.String() },
		"number": func(r *jose.Reader) { r.Number() },
		"bool":   func(r *jose.Reader) { r.Bool() },
		"null":   func(r *jose.Reader) { r.Null() },
		"object": func(r *jose.Reader) {
			for range r.Object() {
			}
		},
		"array": func(r *jose.Reader) {
			for range r.Array() {
			}
		},
	}
	values := map[string]string{
		"string": `"a"`, "number": `1`, "bool": `true`, "null": `null`, "object": `{"b":1}`, "array": `[1]`,
	}
	for want, take := range read {
		for is, value := range values {
			r := jose.NewReader(`{"a":` + value + `,"c":1}`)
			rounds := 0
			for range r.Object() {
				if rounds++; rounds == 1 {
					take(r)
				}
			}
			err := r.Close()
			if (want == is) != (err == nil) {
				t.Errorf("take %s from %s: error %v", want, value, err)
			}
			if err != nil && rounds != 1 {
				t.Errorf("take %s from %s: %d rounds after a fault, want 1", want, value, rounds)
			}
		}
	}
}

// TestReaderLeftEarly proves that a loop which stops looking is not taken for one that saw all.
func TestReaderLeftEarly(t *testing.T) {
	for _, text := range []string{`{"a":1,"b":2}`, `{"a":1}`} {
		r := jose.NewReader(text)
		for range r.Object() {
			break
		}
		if err := r.Close(); err == nil {
			t.Errorf("leave the object %s early: no error, want one", text)
		}
	}
	r := jose.NewReader(`[1,2]`)
	for range r.Array() {
		r.Number()
		break
	}
	if err := r.Close(); err == nil {
		t.Error("leave an array early: no error, want one")
	}
}

// TestNumberTime reads NumericDates in every spelling.
func TestNumberTime(t *testing.T) {
	for _, test := range []struct {
		text string
		want string // RFC 3339, or empty when it is no time
	}{
		{"0", "1970-01-01T00:00:00Z"},
		{"1300819380", "2011-03-22T18:43:00Z"},
		{"1300819380.5", "2011-03-22T18:43:00.5Z"},
		{"1300819380.123456789", "2011-03-22T18:43:00.123456789Z"},
		{"1300819380.1234567899", "2011-03-22T18:43:00.123456789Z"},
		{"1.30081938e9", "2011-03-22T18:43:00Z"},
		{"1.30081938E+9", "2011-03-22T18:43:00Z"},
		{"130081938e1", "2011-03-22T18:43:00Z"},
		{"13008193805e-1", "2011-03-22T18:43:00.5Z"},
		{"5e-1", "1970-01-01T00:00:00.5Z"},
		{"0e9", "1970-01-01T00:00:00Z"},
		{"253402300799", "9999-12-31T23:59:59Z"},
		{"253402300800", ""},
		{"-1", ""},
		{"-0.5", ""},
		{"1e308", ""},
		{"1e-99999999999999999999", ""},
		{"9223372036854775808", ""},
		{"1" + strings.Repeat("0", 100), ""},
		{"1e-65", ""},
	} {
		r := jose.NewReader(test.text)
		at, ok := r.Number().Time()
		if err := r.Close(); err != nil {
			t.Fatalf("%s: %v", test.text, err)
		}
		got := ""
		if ok {
			got = at.Format(time.RFC3339Nano)
		}
		if got != test.want {
			t.Errorf("Number(%.40s).Time() = %q, want %q", test.text, got, test.want)
		}
	}
}

// TestAppendString proves that what we write is what we read, and what encoding/json reads.
func TestAppendString(t *testing.T) {
	for _, s := range []string{"", "a", `"\/`, "\x00\x1f\x7f", "é€😀", "\u2028", "</script>"} {
		text := jose.AppendString(nil, s)
		r := jose.NewReader(string(text))
		got := r.String()
		if err := r.Close(); err != nil || got != s {
			t.Errorf("read AppendString(%q) = %q, %v", s, got, err)
		}
		var other string
		if err := json.Unmarshal(text, &other); err != nil || other != s {
			t.Errorf("json.Unmarshal(AppendString(%q)) = %q, %v", s, other, err)
		}
	}
	if got, want := string(jose.AppendString(nil, "a\xffb")), "\"a\ufffdb\""; got != want {
		t.Errorf("AppendString of bad UTF-8 = %q, want %q", got, want)
	}
	if got, want := string(jose.AppendStrings(nil, []string{"a", `"`})), `["a","\""]`; got != want {
		t.Errorf("AppendStrings = %s, want %s", got, want)
	}
}

// FuzzReader compares with encoding/json, which is laxer: it takes whatever we take, with the same
// strings, and what we alone refuse has one of the reasons that Reader gives.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.5e3,"\ud83d\ude00",true,null],"b":{}}`, `{"a":1,"\u0061":2}`, `"\ud800"`, `[01]`, nested(16), nested(17), `{"a":1}x`, "\"\xff\"",
		`[{"a":{"b":1},"c":{"b":2}},{"a":1}]`, `["\\ud800"]`, `{"a":{"a":{"a":{}}}}`, "\ufeff1", `10E00444`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if err := readAll(text); err != nil {
			if json.Valid([]byte(text)) && !ambiguous(text) {
				t.Errorf("refused %q, which nobody could misunderstand: %v", text, err)
			}
			return
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("accepted %q, which encoding/json refuses", text)
		}
		r := jose.NewReader(text)
		if r.Kind() != jose.Str {
			return
		}
		got := r.String()
		var want string
		if err := json.Unmarshal([]byte(text), &want); err != nil || got != want {
			t.Errorf("String of %q = %q, want %q (%v)", text, got, want, err)
		}
	})
}

// ambiguous reports whether sound JSON holds what a Reader refuses: bytes that are not UTF-8, half
// of a surrogate pair, more than 16 levels, a name twice in one object, or a number beyond a
// double. It goes by another parser.
func ambiguous(text string) bool {
	if !utf8.ValidString(text) {
		return true
	}
	d := json.NewDecoder(
		strings.NewReader(saidReplacement.ReplaceAllString(text, "")),
	) // what is U+FFFD then is half a pair
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if s, ok := token.(string); err != nil ||
			ok && strings.ContainsRune(s, utf8.RuneError) { // sound JSON: an error is a number's
			return true
		}
	}
	return twiceOrDeep(json.NewDecoder(strings.NewReader(text)))
}

// saidReplacement is where a text means U+FFFD, and escaped backslashes, which make no escapes.
var saidReplacement = regexp.MustCompile(`\\\\|\\u(?i:fffd)|\x{FFFD}`)

// twiceOrDeep reports whether an object has a name twice, or lies deeper than 16 levels.
func twiceOrDeep(d *json.Decoder) bool {
	type level struct {
		names map[string]bool // nil: an array
		value bool            // a value is next, and no name
	}
	d.UseNumber()
	var levels []level
	for token, err := d.Token(); err == nil; token, err = d.Token() {
		last := len(levels) - 1
		if name, ok := token.(string); ok && last >= 0 && levels[last].names != nil && !levels[last].value {
			if levels[last].names[name] {
				return true
			}
			levels[last].names[name], levels[last].value = true, true
			continue
		}
		if last >= 0 {
			levels[last].value = false
		}
		switch token {
		case json.Delim('{'):
			levels = append(levels, level{names: map[string]bool{}})
		case json.Delim('['):
			levels = append(levels, level{})
		case json.Delim('}'), json.Delim(']'):
			levels = levels[:last]
		}
		if len(levels) > 16 {
			return true
		}
	}
	return false
}

// TestWriter writes one of everything, as encoding/json does.
func TestWriter(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)
	o := jose.NewWriter(8)
	o.String("a\"", "x\ny")
	o.Open("inside")
	o.Open("empty")
	o.Shut()
	o.Strings("list", []string{"p", "q"})
	o.Strings("none", nil)
	o.Shut()
	o.Int("n", -5)
	o.Raw("yes", "true")
	o.Raw("no", "false")
	o.Time("at", at)
	o.Raw("raw", `[1]`)
	type inside struct {
		Empty struct{} `json:"empty"`
		List  []string `json:"list"`
		None  []string `json:"none"`
	}
	want, err := json.Marshal(struct {
		A      string    `json:"-"`
		Inside inside    `json:"inside"`
		N      int       `json:"n"`
		Yes    bool      `json:"yes"`
		No     bool      `json:"no"`
		At     time.Time `json:"at"`
		Raw    []int     `json:"raw"`
	}{"", inside{List: []string{"p", "q"}, None: []string{}}, -5, true, false, at, []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	whole := `{"a\"":"x\u000ay",` + string(want[1:])
	if got := string(o.Close()); got != whole {
		t.Errorf("Writer wrote\n%s, want\n%s", got, whole)
	}
	if got := string(jose.NewWriter(0).Close()); got != "{}" {
		t.Errorf("an empty Writer wrote %s, want {}", got)
	}
}
