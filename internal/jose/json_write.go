package jose

import "time"

// Writer writes one JSON object, member by member, in the order of the calls. It is for what is
// written too often for types to be looked at each time. Whoever writes a name twice has an object
// that Reader refuses.
//
//	w := jose.NewWriter(256)
//	w.String("sub", user)
//	w.Open("session")
//	w.Time("auth_time", signedIn)
//	w.Shut()
//	text := w.Close()
type Writer struct{ text []byte }

// NewWriter begins an object, with room for so many bytes before it has to grow.
func NewWriter(room int) *Writer { return &Writer{append(make([]byte, 0, room), '{')} }

// name begins a member
func (w *Writer) name(name string) {
	if w.text[len(w.text)-1] != '{' {
		w.text = append(w.text, ',')
	}
	w.text = append(AppendString(w.text, name), ':')
}

// String writes a text, as AppendString does.
func (w *Writer) String(name, value string) {
	w.name(name)
	w.text = AppendString(w.text, value)
}

// Strings writes an array of texts; an empty list is [].
func (w *Writer) Strings(name string, list []string) {
	w.name(name)
	w.text = AppendStrings(w.text, list)
}

// Int writes a whole number.
func (w *Writer) Int(name string, n int64) {
	w.name(name)
	w.text = AppendInt(w.text, n)
}

// Time writes a time as encoding/json does (RFC 3339, with as many digits of the second as there
// are).
func (w *Writer) Time(name string, t time.Time) {
	w.name(name)
	w.text = append(t.AppendFormat(append(w.text, '"'), time.RFC3339Nano), '"')
}

// Raw writes a value that is JSON already, as what strconv.FormatBool gives is.
func (w *Writer) Raw(name, json string) {
	w.name(name)
	w.text = append(w.text, json...)
}

// Open begins an object within this one, whose members come next.
func (w *Writer) Open(name string) {
	w.name(name)
	w.text = append(w.text, '{')
}

// Shut ends what Open began last.
func (w *Writer) Shut() { w.text = append(w.text, '}') }

// Close ends the object, and returns its text.
func (w *Writer) Close() []byte {
	w.Shut()
	return w.text
}
