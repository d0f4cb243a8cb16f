// Package migration knows the steps of a schema: numbered files, forward only, by checksum. It
// decides whether a program may run on a database that has some steps behind it; doing a step
// is the engine's.
package migration

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// ErrSchema is wrapped when a database holds a schema that this program must not touch: a newer
// one, one whose history is not ours, or that of another program.
var ErrSchema = errors.New("schema refused")

// Step is one migration. It is never changed once released.
type Step struct {
	Number int    // from 1, without gaps
	Name   string // the file's: 0001_what.sql
	Script string
	Sum    string // SHA-256 of the script, in hex

	// Oldest is the oldest program, by the number of its last step, that goes on running beside
	// programs which have done this one. The script's first line says so, "-- oldest: 3", where
	// the step only adds what older programs need not know. Otherwise it is Number: none older.
	Oldest int
}

// oldest reads the first line of a script.
var oldest = regexp.MustCompile(`\A-- oldest: ([1-9][0-9]*)\n`)

// Read returns the steps in a folder, in order.
func Read(files fs.FS, folder string) ([]Step, error) {
	names, err := fs.Glob(files, path.Join(folder, "*.sql"))
	if err != nil {
		return nil, err
	}
	steps := make([]Step, len(names))
	for i, name := range names {
		script, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(script)
		s := Step{
			Number: i + 1, Name: path.Base(name), Script: string(script),
			Sum: hex.EncodeToString(sum[:]), Oldest: i + 1,
		}
		if !strings.HasPrefix(s.Name, fmt.Sprintf("%04d_", s.Number)) {
			return nil, fmt.Errorf("%w: migration %s is not number %d", ErrSchema, name, s.Number)
		}
		if said := oldest.FindSubmatch(script); said != nil {
			s.Oldest, err = strconv.Atoi(string(said[1]))
		}
		if err != nil || s.Oldest > s.Number {
			return nil, fmt.Errorf("%w: migration %s is for no program", ErrSchema, name)
		}
		steps[i] = s
	}
	return steps, nil
}

// Done returns how many of the program's steps a database has behind it. found is what it has
// noted of each, in order of number, without scripts. The error wraps ErrSchema when the program
// must not run on it: one of its steps is not as the program has it, or is newer than the program
// and not made for it.
func Done(program, found []Step) (int, error) {
	for i, f := range found {
		switch {
		case f.Number != i+1:
			return 0, fmt.Errorf("%w: migration %d is missing", ErrSchema, i+1)
		case f.Number > len(program) && f.Oldest > len(program):
			return 0, fmt.Errorf("%w: the database has schema %d (%s), this program knows %d: use a newer handstamp",
				ErrSchema, f.Number, f.Name, len(program))
		case f.Number <= len(program) && f.Sum != program[i].Sum:
			return 0, fmt.Errorf("%w: migration %s of the database is not the one of this program", ErrSchema, f.Name)
		}
	}
	return min(len(found), len(program)), nil
}
