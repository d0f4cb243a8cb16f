// Package storetest is the contract of package store as tests. Every engine passes all of
// them: there is nothing to switch off.
package storetest

import (
	"testing"

	"github.com/handstamp/handstamp/internal/store"
)

// Run tests an engine. open gives a new, empty store and closes it when t ends; a test may
// have closed it before.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, c := range contract {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, &world{Store: open(t), now: start, another: open})
		})
	}
}

// contract lists every test, subject by subject.
var contract = []struct {
	name string
	test func(*testing.T, *world)
}{
	{"user/round trip", testUserRoundTrip},
	{"user/hostile text", testUserHostileText},
	{"user/e-mail taken", testEmailTaken},
	{"user/not found", testUserNotFound},
	{"user/list", testListUsers},
	{"user/rename", testRename},
	{"user/rehash", testRehash},
	{"user/change password", testChangePassword},
	{"user/change password refused", testChangePasswordRefused},
	{"user/disable", testDisable},
	{"user/disable refuses every token before", testDisableNotBefore},
	{"user/roles", testRoles},
	{"user/first admin", testFirstAdmin},
	{"user/first admin by role", testFirstAdminByRole},
	{"user/end everything", testEndEverything},
	{"user/delete", testDelete},
	{"user/delete and sweep", testDeleteSwept},

	{"session/round trip", testSessionRoundTrip},
	{"session/not found", testSessionNotFound},
	{"session/begin refused", testBeginRefused},
	{"session/begin replaces", testBeginReplaces},
	{"session/live ones", testLiveSessions},
	{"session/live ones, at most so many", testLiveSessionsLimit},
	{"session/all", testAllSessions},
	{"session/end", testEndSession},
	{"session/end refused", testEndSessionRefused},
	{"session/end others", testEndOthers},
	{"session/over is over", testOverForGood},
	{"session/sweep", testSweepSessions},
	{"session/sweep in parts", testSweepInParts},

	{"rotate/rotated", testRotated},
	{"rotate/a long line", testLongLine},
	{"rotate/repeated", testRepeated},
	{"rotate/recovered", testRecovered},
	{"rotate/late", testLate},
	{"rotate/ahead", testAhead},
	{"rotate/reused", testReused},
	{"rotate/ended", testRotateEnded},
	{"rotate/limits", testRotateLimits},
	{"rotate/limits and the log", testRotateLimitsLog},
	{"rotate/last generation", testLastGeneration},
	{"rotate/no row", testRotateNoRow},

	{"log/empty", testEmptyLog},
	{"log/entries", testEntries},
	{"log/pages", testLogPages},
	{"log/sweep", testSweepLog},
	{"log/epoch", testRaiseEpoch},

	{"key/add", testAddSigningKey},
	{"key/same moment", testSigningKeyTie},
	{"key/drop", testDropSigningKeys},
	{"key/revoke", testRevokeSigningKey},
	{"service/round trip", testServiceRoundTrip},
	{"service/name taken", testServiceNameTaken},
	{"service/uses", testServiceUses},
	{"service/revoke", testRevokeService},
	{"fact/keep", testKeepFact},

	{"copy/round trip", testCopy},
	{"copy/failing row", testCopyFails},
	{"copy/refused", testCopyRefused},
	{"copy/one moment", testCopyMoment},

	{"trouble/cancelled", testCancelled},
	{"trouble/cancelled midway", testCancelledMidway},
	{"trouble/closed", testClosed},

	{"race/one token", testRaceOneToken},
	{"race/recoveries", testRaceRecoveries},
	{"race/siblings", testRaceSiblings},
	{"race/rotate and end", testRaceEnd},
	{"race/ends", testRaceEnds},
	{"race/rotate and replace", testRaceReplace},
	{"race/disable", testRaceDisable},
	{"race/disable twice", testRaceDisableTwice},
	{"race/roles", testRaceRoles},
	{"race/end everything", testRaceEndEverything},
	{"race/epoch", testRaceEpoch},
	{"race/service", testRaceService},
	{"race/change password", testRaceChangePassword},
	{"race/change password and sign in", testRaceChangePasswordSignIn},
	{"race/e-mail", testRaceEmail},
	{"race/signing key", testRaceSigningKey},
	{"race/fact", testRaceFact},
	{"race/log", testRaceLog},
	{"race/copy", testRaceCopy},

	{"model", testModel},
}
