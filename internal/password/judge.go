package password

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
)

// The least a password may have, in code points. NIST SP 800-63B-4 §3.1.1.2
const (
	MinLengthAlone  = 15 // where the password is the only factor
	MinLengthFactor = 8  // where a second factor is enforced
)

// The codes of what can be wrong with a new password.
const (
	TooShort        = "too_short"
	TooLong         = "too_long"
	TooCommon       = "too_common"
	ContainsContext = "contains_context"
	NotText         = "not_text"
)

// Policy is what a new password is held to. There are no rules of composition, and there is
// no expiry. NIST SP 800-63B-4 §3.1.1.2
type Policy struct {
	MinLength int      // in code points; zero: MinLengthAlone
	Words     []string // names of the product, the service and its host; nil: none
}

// About is what is known of a person who chooses a password, so that it is not made of that.
type About struct {
	Member string // of the request, for the field's name; empty: "password"
	Email  string // empty: not known
	Name   string // empty: not known
}

// Judge tells what is wrong with a new password: one field with the first reason found, or
// nil when it is good. Only the whole password is compared with what is expected, never a
// part of it. It is not for sign-in: what was good once stays good.
func (p Policy) Judge(given secret.Text, about About) []fault.Field {
	code, detail := p.reason(given, about)
	if code == "" {
		return nil
	}
	member := about.Member
	if member == "" {
		member = "password"
	}
	return []fault.Field{{Name: member, Code: code, Detail: detail}}
}

// reason returns the code and the sentence, or "" for a good password.
func (p Policy) reason(given secret.Text, about About) (code, detail string) {
	normal, err := normalise(given)
	switch {
	case errors.Is(err, errTooLong):
		return TooLong, fmt.Sprintf("Use at most %d characters.", MaxLength)
	case err != nil:
		return NotText, "This is not text that can be read."
	}
	least := p.MinLength
	if least == 0 {
		least = MinLengthAlone
	}
	// The list and the words are written in lower case; the password itself is hashed as it is.
	folded := strings.ToLower(normal)
	switch {
	case utf8.RuneCountInString(normal) < least:
		return TooShort, fmt.Sprintf("Use at least %d characters. "+
			"A few words that do not belong together are easy to remember.", least)
	case madeOf(folded, contextWords(about, p.Words)):
		return ContainsContext, "This is made of your name, your e-mail address or the name of this service, " +
			"which a guesser tries first."
	case trivial(folded) || listed(folded):
		return TooCommon, "This is among the passwords that a guesser tries first. Choose one that nobody else has."
	}
	return "", ""
}
