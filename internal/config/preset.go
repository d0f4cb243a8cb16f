package config

import "time"

// Limits are what a preset stands for. protocol.md §1
type Limits struct {
	Idle        time.Duration // a session unused this long is over
	Absolute    time.Duration // a session this old is over
	BrowserIdle time.Duration // instead of Idle where the browser is to forget (remember: false)
	ACR         string        // the level that sessions are meant for
	recovery    Recovery      // unless set
}

// day is 24 hours: limits are in UTC.
const day = 24 * time.Hour

// The presets.
const (
	presetStandard = "standard"
	presetAAL2     = "aal2"
	presetAAL3     = "aal3"
)

// presets maps names to limits. protocol.md §1, NIST SP 800-63B-4 §2
var presets = map[string]Limits{ // preset → limits
	presetStandard: {Idle: 14 * day, Absolute: 30 * day, BrowserIdle: day, ACR: "aal1", recovery: RecoverySession},
	presetAAL2:     {Idle: time.Hour, Absolute: day, BrowserIdle: time.Hour, ACR: "aal2", recovery: RecoveryOff},
	presetAAL3: {Idle: 15 * time.Minute, Absolute: 12 * time.Hour, BrowserIdle: 15 * time.Minute, ACR: "aal3",
		recovery: RecoveryOff},
}

// longestAccess is the longest life of an access token under these limits. protocol.md,
// the table of credentials: at most a sixth of the idle limit, so that a session in use is
// refreshed long before it is idle.
func (l Limits) longestAccess() time.Duration { return min(maxAccessTTL, l.Idle/6) }
