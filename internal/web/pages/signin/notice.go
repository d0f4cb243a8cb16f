package signin

import (
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// Notice tells why a person has to sign in.
type Notice struct {
	Say   string
	Grave bool // somebody else may be behind it
}

// NothingDone is the reason of whoever pressed a button that wants a sign-in of the last minutes.
const NothingDone = "nothing_done"

// notices has a sentence for every reason that an address may name. Anything else in an
// address shows nothing: a stranger may have written it.
var notices = map[string]Notice{ // reason → what the person is told
	string(store.SignedOut):     {"You are signed out.", false},
	string(store.EndedByUser):   {"This session was ended from another of your devices.", false},
	string(store.EndedByAdmin):  {"This session was ended by an administrator.", false},
	string(store.EndedIdle):     {"You were signed out because you had not been active for a while.", false},
	string(store.EndedExpired):  {"Your session has expired. Please sign in again.", false},
	string(store.EndedReplaced): {"You signed in again, which replaced this session.", false},
	string(store.ReuseDetected): {"You were signed out for your safety: an old copy of your session was used, " +
		"perhaps by somebody else. Sign in and check your devices.", true},
	string(store.PasswordChanged): {"Your password was changed, which ended this session.", true},
	string(store.UserDisabled):    {"This account has been disabled. Ask whoever runs this service.", false},
	string(store.UserDeleted):     {"This account has been deleted.", false},

	NothingDone: {"Nothing has happened yet: what you asked for needs a sign-in of the last 15 minutes. " +
		"Sign in again, then press the button once more.", false},
	string(fault.ReauthenticationRequired): {"Please sign in again to continue: you last did so a while ago.", false},
}

// noticeOf returns the notice for a reason, or nil for one that is not ours.
func noticeOf(reason string) *Notice {
	n, ok := notices[reason]
	if !ok {
		return nil
	}
	return &n
}

// noticeOfRow returns the notice for a session that is over, naming who ended it where the
// row knows.
func noticeOfRow(reason store.EndReason, s store.Session) *Notice {
	n := noticeOf(string(reason))
	if n == nil || s.EndedBy == "" {
		return n
	}
	switch reason {
	case store.EndedByUser:
		n.Say = "This session was ended from " + s.EndedBy + "."
	case store.PasswordChanged:
		n.Say = "Your password was changed from " + s.EndedBy + ", which ended this session."
	}
	return n
}
