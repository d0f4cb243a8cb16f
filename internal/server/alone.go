package server

import (
	"runtime"
	"runtime/debug"
)

// garbage is how far the heap grows before it is collected, in percent of what lives: ours is
// small, and collecting it as often as Go does by itself takes a sixteenth of the time.
const garbage = 200

// Alone tunes the process for a server that has it for itself, once the server is open. A hash keeps
// a processor busy for as long as it takes, and Go lets go of it only every 10 ms: there is one more
// for each lane, and one for SQLite's flush to the disk, so that it is the system that shares the cores, and does not keep a
// refresh waiting behind a hash. What the environment says of collecting garbage stays.
func Alone() {
	runtime.GOMAXPROCS(2*runtime.GOMAXPROCS(0) + 1)
	if before := debug.SetGCPercent(garbage); before != 100 {
		debug.SetGCPercent(before)
	}
}
