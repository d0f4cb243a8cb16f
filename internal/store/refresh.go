package store

import (
	"crypto/subtle"
	"math"
	"time"
)

// Nonce is 8 bytes that tell one refresh token of a session from another.
type Nonce [8]byte

// Equal compares in constant time.
func (n Nonce) Equal(other Nonce) bool { return subtle.ConstantTimeCompare(n[:], other[:]) == 1 }

// Line is the state of a session's refresh tokens: the last token that was presented (the
// confirmed one), what came before it, and what was handed out after it. protocol.md §4
type Line struct {
	Generation   uint32    // of the confirmed token; 0 at sign-in, when no client holds it
	Nonce        Nonce     // of the confirmed token
	Parent       Nonce     // of the token confirmed before it
	ParentForked bool      // whether the token before it had been recovered
	Forks        int       // how many different successors were handed out beyond the first
	RotatedAt    time.Time // when it was confirmed
}

// RecoverWhileAlive is a recovery window as long as the session lives.
const RecoverWhileAlive time.Duration = math.MaxInt64

// Presented is a refresh token whose MAC is good, and who presents it.
type Presented struct {
	Session    SessionID
	Generation uint32
	Parent     Nonce
	Nonce      Nonce
	From       Client
	Window     Window
}

// Window is how long after a rotation its token may come again.
type Window struct {
	Grace    time.Duration // 0 to 30 s: the same successor again
	Recovery time.Duration // another successor; 0: only within grace
}

// Case is a row of the table in protocol.md §4. The zero case is none of them.
type Case int

// The rows of the table.
const (
	Ended     Case = iota + 1 // over: nothing more, and the reason
	Rotated                   // confirmed: the successor
	Repeated                  // the same successor once more, no write
	Recovered                 // another successor, counted as a fork
	Late                      // overtaken by its own successor: no token, nothing ended
	Ahead                     // rotated, though the row had lost writes
	Reused                    // off the line: the session is ended
)

// String names the case for logs.
func (c Case) String() string {
	names := [...]string{"none", "ended", "rotated", "repeated", "recovered", "late", "ahead", "reused"}
	if c < 0 || int(c) >= len(names) {
		return "none"
	}
	return names[c]
}

// Outcome is what Rotate decided, with the rows as they are after it. The zero case is none.
type Outcome struct {
	Case     Case
	Standing Standing
}

// Judge decides by the table what a presented token is worth against the row at now.
// It is the one place where the table is written down as code: an engine calls it with the
// row locked, and writes what follows.
func Judge(row Standing, p Presented, now time.Time) Case {
	line := row.Session.Line
	if row.User.Disabled() || row.Session.Over(now) != "" {
		return Ended
	}
	switch {
	case p.Generation == math.MaxUint32:
		return Ended // no successor could be numbered
	case p.Generation > line.Generation+1:
		return Ahead
	case p.Generation == line.Generation+1 && p.Parent.Equal(line.Nonce):
		return Rotated
	case p.Generation == line.Generation && p.Nonce.Equal(line.Nonce):
		return judgeConfirmed(row.Session, p, now)
	case p.Generation+1 == line.Generation && p.Nonce.Equal(line.Parent) &&
		!line.ParentForked && line.within(p.Window.Grace, now):
		return Late
	}
	return Reused
}

// Consequence is what an engine writes after a decision. The zero Consequence is nothing.
type Consequence int

// What there is to write.
const (
	WriteNothing Consequence = iota
	WriteUse                 // what a use changes: Line, LastUsedAt and LastUsedBy
	WriteEnd                 // the session's end for its EndReason, with an entry in the log
)

// Follow judges a presented token at now. It returns the outcome, with the session as it is
// afterwards, and what of it an engine has to write, with the row still locked.
func Follow(row Standing, p Presented, now time.Time) (Outcome, Consequence) {
	o := Outcome{Case: Judge(row, p, now), Standing: row}
	s := &o.Standing.Session
	switch o.Case {
	case Rotated, Ahead:
		s.Line = s.Line.Confirm(p, now)
		s.LastUsedAt, s.LastUsedBy = now, p.From
		return o, WriteUse
	case Recovered:
		s.Line.Forks++
		s.LastUsedAt = now // not LastUsedBy: a repeat is for the client of the rotation
		return o, WriteUse
	case Reused:
		return o, s.end(ReuseDetected, now)
	case Ended:
		if row.User.Disabled() {
			return o, s.end(UserDisabled, now)
		}
		return o, s.end(EndedExpired, now) // as it is past its limits, or out of generations
	}
	return o, WriteNothing // Repeated, Late
}

// end ends a session that has not been ended, for the limit that it has passed or else for this
// reason, and returns what is to be written.
func (s *Session) end(reason EndReason, now time.Time) Consequence {
	if s.EndReason != "" {
		return WriteNothing
	}
	if over := s.Over(now); over != "" {
		reason = over
	}
	s.EndedAt, s.EndReason = now, reason
	return WriteEnd
}

// judgeConfirmed decides about the confirmed token come again.
func judgeConfirmed(s Session, p Presented, now time.Time) Case {
	inGrace := s.Line.within(p.Window.Grace, now)
	switch {
	case inGrace && p.From.Near(s.LastUsedBy):
		return Repeated
	case inGrace || s.Line.within(p.Window.Recovery, now):
		return Recovered
	}
	return Reused
}

// within reports whether |now - RotatedAt| <= window: a clock that stepped back counts too.
func (l Line) within(window time.Duration, now time.Time) bool {
	return now.Sub(l.RotatedAt).Abs() <= window
}

// Confirm returns the line after p was confirmed at now. The parent is p's own, which is the
// row's nonce but when the row had lost writes (Ahead): then only p still knows it, and the
// forks that the row has counted are another token's.
func (l Line) Confirm(p Presented, now time.Time) Line {
	return Line{
		Generation:   p.Generation,
		Nonce:        p.Nonce,
		Parent:       p.Parent,
		ParentForked: l.Forks > 0 && p.Generation == l.Generation+1,
		RotatedAt:    now,
	}
}
