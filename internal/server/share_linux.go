package server

import (
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// turn is how long a thread of ours keeps a core before one that wakes up gets it: the least that Linux takes. By itself it
// is some milliseconds, of which a refresh that flushes to the disk waits out several. Nobody's share of a core changes.
const turn = 100 * time.Microsecond

// shareFinely gives the threads of this process short turns, and so those that they begin. A kernel before 6.12
// takes no notice.
func shareFinely() {
	for range 2 { // once more, for those that others began meanwhile
		threads, _ := os.ReadDir("/proc/self/task") // none: it stays as it was
		for _, thread := range threads {
			if id, err := strconv.Atoi(thread.Name()); err == nil {
				_ = shortenTurns(id)
			}
		}
	}
}

// shortenTurns gives one thread short turns, unless somebody has put it under another regime.
func shortenTurns(thread int) error {
	how, err := unix.SchedGetAttr(thread, 0)
	if err != nil || how.Policy != unix.SCHED_NORMAL {
		return err
	}
	how.Runtime = uint64(turn)
	return unix.SchedSetAttr(thread, how, 0)
}
