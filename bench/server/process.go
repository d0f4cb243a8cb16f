package server

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/handstamp/handstamp/internal/test/programtest"
)

// start starts a program on the servers' core, and waits until it listens.
func start(p *programtest.Program) error {
	p.Command = append([]string{"taskset", "-c", strconv.Itoa(serverCore)}, p.Command...) // of util-linux
	return p.Start()
}

// cpu is how long a process has run, with threads that have ended, to the nanosecond:
// /proc/<pid>/stat counts in hundredths of a second, and /proc/<pid>/task forgets who has ended.
// The clock of a process is named as in clock_getcpuclockid(3).
func cpu(pid int) (time.Duration, error) {
	const scheduled = 2
	var ran unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &ran); err != nil {
		return 0, fmt.Errorf("clock of process %d: %w", pid, err)
	}
	return time.Duration(ran.Nano()), nil
}

// withChildren is a process and those that it has started, as a PostgreSQL is.
func withChildren(pid int) ([]int, error) {
	all := []int{pid}
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has just ended
		}
		_, fields, _ := strings.Cut(string(text), ") ")
		var state string
		var parent int
		if _, err := fmt.Sscan(fields, &state, &parent); err == nil && parent == pid {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			all = append(all, child)
		}
	}
	return all, nil
}

// pinned says in the environment that this program is where it belongs.
const pinned = "SERVERBENCH_PINNED"

// Pin puts this program on the generator's core, by starting it again in its own place.
func Pin() error {
	if os.Getenv(pinned) != "" {
		return nil
	}
	taskset, err := exec.LookPath("taskset")
	if err != nil {
		return fmt.Errorf("%w; as root on Debian: apt-get install util-linux", err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	args := append([]string{taskset, "-c", strconv.Itoa(GeneratorCore), self}, os.Args[1:]...)
	return syscall.Exec(taskset, args, append(os.Environ(), pinned+"=yes"))
}
