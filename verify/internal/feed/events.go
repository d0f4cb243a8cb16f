package feed

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
)

// maxLine is the longest line of a stream that is read, in bytes. An entry takes some 200.
const maxLine = 8 << 10

// event is one event of a stream
type event struct{ name, id, data string }

// eventReader reads server-sent events (HTML Living Standard §9.2.6), more strictly than browsers
// do: lines end with LF or CRLF and are UTF-8; each field stands once in an event; there are no
// other fields than the four. What is cut off in the middle of an event is no event.
type eventReader struct{ lines *bufio.Reader }

// newEventReader begins to read a stream
func newEventReader(r io.Reader) *eventReader { return &eventReader{bufio.NewReaderSize(r, maxLine)} }

// next waits for an event and returns it. A comment is none.
func (r *eventReader) next() (event, error) {
	var e event
	var has struct{ name, id, data bool }
	for {
		line, err := r.line()
		if err != nil {
			return event{}, err
		}
		if len(line) == 0 {
			switch {
			case has.data:
				return e, nil
			case has.name || has.id:
				return event{}, errors.New("an event without data")
			}
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "": // a comment
		case "event":
			err = once(&has.name, &e.name, value)
		case "id":
			err = once(&has.id, &e.id, value)
		case "data":
			err = once(&has.data, &e.data, value)
		case "retry": // we wait as we see fit
		default:
			err = fmt.Errorf("the field %.20q, which events do not have", field)
		}
		if err != nil {
			return event{}, err
		}
	}
}

// once takes the value of a field that may stand once in an event
func once(has *bool, to *string, value []byte) error {
	if *has {
		return errors.New("a field twice in one event")
	}
	*has, *to = true, string(value)
	return nil
}

// line returns the next line, which is good until the one after it is asked for
func (r *eventReader) line() ([]byte, error) {
	line, err := r.lines.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull:
		return nil, fmt.Errorf("a line of more than %d bytes", maxLine)
	case err == io.EOF && len(line) > 0:
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	}
	line = bytes.TrimSuffix(line[:len(line)-1], []byte("\r"))
	if bytes.ContainsAny(line, "\r\x00") || !utf8.Valid(line) {
		return nil, errors.New("a line with CR or NUL in it, or not in UTF-8")
	}
	return line, nil
}

// heartbeat is what a heartbeat or a reset says
type heartbeat struct{ epoch, seq, at int64 }

// parseHeartbeat reads the data of a heartbeat or a reset. What it does not say is zero.
func parseHeartbeat(text string) (heartbeat, error) {
	var b heartbeat
	members := wanted{"epoch": &b.epoch, "seq": &b.seq, "at": &b.at}
	r := jose.NewReader(text)
	for name := range r.Object() {
		members.take(r, name)
	}
	delete(members, "at") // a reset has none
	return b, members.close(r)
}

// parseEntry reads the data of an entry. It has all members.
func parseEntry(text string) (revoked.Entry, error) {
	var e revoked.Entry
	members := wanted{
		"epoch":      &e.Epoch,
		"seq":        &e.Seq,
		"prev":       &e.Prev,
		"at":         &e.At,
		"not_before": &e.NotBefore,
		"expires":    &e.Expires,
	}
	kind, id := false, false
	r := jose.NewReader(text)
	for name := range r.Object() {
		switch name {
		case "kind":
			e.Kind, kind = revoked.Kind(r.String()), true
		case "id":
			e.ID, id = r.String(), true
		default:
			members.take(r, name)
		}
	}
	if !kind || !id {
		r.Fail("kind or id is missing")
	}
	return e, members.close(r)
}

// wanted are the integers that an object must have and nobody has read yet
type wanted map[string]*int64

// take reads the member called name, if it is wanted
func (w wanted) take(r *jose.Reader, name string) {
	to, ok := w[name]
	if !ok {
		return
	}
	n, ok := r.Number().Int64()
	if !ok || n < 0 {
		r.Fail("not an integer from 0 on")
	}
	*to = n
	delete(w, name)
}

// close ends the reading, and says what is missing
func (w wanted) close(r *jose.Reader) error {
	if len(w) > 0 {
		r.Fail("a member is missing")
	}
	return r.Close()
}
