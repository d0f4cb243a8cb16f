// Package fault is the one error that crosses packages: what went wrong, for programs,
// for people and for the log, kept apart.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind tells the caller what to do next. Only web turns a kind into an HTTP status.
type Kind int

// The kinds. The zero kind is Internal, so that a forgotten kind never tells a stranger anything.
const (
	Internal    Kind = iota // our bug; nothing the caller can do
	Invalid                 // the request cannot be understood; change it
	Unproven                // who are you? sign in
	Denied                  // we know who you are, and no
	Missing                 // no such thing, or not yours
	Conflict                // the thing is not in a state for this
	Limited                 // too often; wait
	Unavailable             // try the same again later
)

// Fault is an error with its code. Make one with New; the catalogue knows the rest.
type Fault struct {
	Kind       Kind          // what to do next
	Code       Code          // for programs; never renamed
	Say        string        // for people; plain words
	Fields     []Field       // what is wrong where; only with invalid_request
	Reason     string        // why a session ended; only with session_ended
	RetryAfter time.Duration // how long to wait; zero: not said
	Cause      error         // for the log; never leaves the process
}

// Field is one mistake in a request.
type Field struct {
	Name   string `json:"field"`  // the member, such as "email"
	Code   string `json:"code"`   // for programs, such as "required"
	Detail string `json:"detail"` // for people
}

// New makes the fault that the catalogue lists under code.
// It panics for a code that is not listed: the codes are constants of this package.
func New(code Code) *Fault {
	entry, ok := catalogue[code]
	if !ok {
		panic("fault: code without an entry: " + string(code))
	}
	return &Fault{Kind: entry.kind, Code: code, Say: entry.say, RetryAfter: entry.retryAfter}
}

// Because sets what the log shall say, and returns the fault.
func (f *Fault) Because(cause error) *Fault {
	f.Cause = cause
	return f
}

// BadField makes an invalid_request for one member.
func BadField(name, code, detail string) *Fault {
	f := New(InvalidRequest)
	f.Fields = []Field{{Name: name, Code: code, Detail: detail}}
	return f
}

// Error is for the log: code and cause.
func (f *Fault) Error() string {
	switch {
	case f.Cause != nil:
		return fmt.Sprintf("%s: %v", f.Code, f.Cause)
	case len(f.Fields) > 0:
		return fmt.Sprintf("%s: %s %s", f.Code, f.Fields[0].Name, f.Fields[0].Code)
	}
	return string(f.Code)
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Cause }

// Redisplay reports whether a form that was refused with f comes back, to be corrected or sent once
// more. Other faults have a page of their own.
func (f *Fault) Redisplay() bool {
	return catalogue[f.Code].redisplay && (f.Code != InvalidRequest || len(f.Fields) > 0)
}

// From returns the fault in err's chain, or an internal one caused by err.
func From(err error) *Fault {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return New(InternalError).Because(err)
}

// Is reports whether err carries a fault.
func Is(err error) bool {
	_, ok := errors.AsType[*Fault](err)
	return ok
}

// HasCode reports whether err carries a fault with this code.
func HasCode(err error, code Code) bool {
	f, ok := errors.AsType[*Fault](err)
	return ok && f.Code == code
}
