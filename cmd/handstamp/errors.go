package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/handstamp/handstamp/internal/fault"
)

// complain prints an error as "handstamp: <what> (<code>)", then its hints.
func complain(w io.Writer, err error) {
	f, isFault := errors.AsType[*fault.Fault](err)
	switch {
	case !isFault:
		fmt.Fprintf(w, "handstamp: %v\n", err)
	case f.Code == fault.StorageUnavailable: // to an operator, the cause is what matters
		fmt.Fprintf(w, "handstamp: %s (%s)\n", withoutCode(err, f), f.Code)
	default:
		fmt.Fprintf(w, "handstamp: %s (%s)\n", lowerFirst(strings.TrimSuffix(f.Say, ".")), f.Code)
		for _, field := range f.Fields {
			fmt.Fprintf(w, "hint: %s: %s (%s)\n", field.Name, field.Detail, field.Code)
		}
		if f.Code == fault.DatabaseInUse {
			fmt.Fprintf(w, "hint: %s\n", withoutCode(err, f))
		} else if f.Cause != nil {
			fmt.Fprintf(w, "cause: %s\n", withoutCode(err, f))
		}
	}
	if hint := hintFor(err); hint != "" {
		fmt.Fprintf(w, "hint: %s\n", hint)
	}
}

// withoutCode returns the error with what was being done, such as "open database handstamp.db", and
// without the fault's code.
func withoutCode(err error, f *fault.Fault) string {
	return strings.ReplaceAll(err.Error(), string(f.Code)+": ", "")
}

// lowerFirst returns a sentence as a part of another.
func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// hints maps what the system or a database says to what can be done about it.
var hints = []struct {
	is   error  // nil: says decides
	says string // a part of the text; empty: is decides
	hint string
}{
	{is: syscall.EADDRINUSE, hint: "another program listens there: stop it, or choose another address with " +
		"--listen or --ops-listen"},
	{is: syscall.EADDRNOTAVAIL, hint: "this machine does not have that address: choose another with --listen"},
	{is: syscall.ECONNREFUSED, hint: "nothing listens there: is PostgreSQL running, and are host and port right?"},
	{is: syscall.EROFS, hint: "the file system is read-only: name a place that can be written"},
	{is: syscall.ENOSPC, hint: "the disk is full: make room, and do it again"},
	{is: syscall.ENOTDIR, hint: "a part of the path is a file, not a folder: check the path"},
	{is: syscall.EISDIR, hint: "this is a folder: name a file"},
	{says: "no such host", hint: "the name of the host is not known: check it"},
	{says: "password authentication failed", hint: "check user and password of the database"},
	{says: "unable to open database file", hint: "the path must be a file, in a folder that this user may write to"},
	{says: "file is not a database", hint: "the file is no database of Handstamp: name the right one"},
	{says: "database is locked", hint: "another program writes to the database: try again"},
	{says: "schema refused", hint: "the database belongs to another release: use the program that wrote it, or newer"},
}

// hintFor says what can be done about an error that is not our own, or nothing.
func hintFor(err error) string {
	if strings.Contains(err.Error(), "\nhint: ") { // it says so itself
		return ""
	}
	if hint := pathHint(err); hint != "" {
		return hint
	}
	for _, h := range hints {
		if h.is != nil && errors.Is(err, h.is) || h.says != "" && strings.Contains(err.Error(), h.says) {
			return h.hint
		}
	}
	return ""
}

// pathHint says what can be done about a file that is not there or not ours.
func pathHint(err error) string {
	path := ""
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		path = e.Path
	}
	switch {
	case path == "":
		return ""
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("the user that runs this (uid %d) may not use %s: give it the right, or name another place",
			os.Getuid(), path)
	case !errors.Is(err, fs.ErrNotExist):
		return ""
	}
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return fmt.Sprintf("there is no folder %s: make it, or name another place", absolute(folder))
	}
	return fmt.Sprintf("there is no file %s: check the path", absolute(path))
}

// absolute returns a path from the root on: whoever is told of a relative one may be in the wrong
// folder.
func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}
