package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// database is a copy of the Go vulnerability database.
type database struct {
	folder string // of OSV entries, one file each, which govulncheck reads as it is
	time   time.Time
}

// newestDatabase downloads the newest version, or takes the newest one that was downloaded
// before if no proxy answers.
func newestDatabase() (database, error) {
	db, err := download()
	if err == nil {
		return db, nil
	}
	cache, cacheErr := output("", "go", "env", "GOMODCACHE")
	if cacheErr != nil {
		return database{}, cacheErr
	}
	downloads := "file://" + filepath.ToSlash(filepath.Join(strings.TrimSpace(string(cache)), "cache", "download"))
	db, cacheErr = download("GOPROXY=" + downloads)
	if cacheErr != nil {
		return database{}, fmt.Errorf("no vulnerability database: %w; and none was downloaded before", err)
	}
	fmt.Println("no proxy answers; using the copy that was downloaded before")
	return db, nil
}

// download asks a module proxy for the newest version.
func download(environment ...string) (database, error) {
	cmd := exec.Command("go", "mod", "download", "-json", "golang.org/x/vulndb@latest")
	cmd.Env = append(os.Environ(), environment...)
	out, runErr := cmd.Output()
	var module struct{ Dir, Info, Error string }
	if err := json.Unmarshal(out, &module); err != nil {
		return database{}, fmt.Errorf("go mod download: %w", runErr)
	}
	if module.Error != "" {
		return database{}, fmt.Errorf("go mod download: %s", module.Error)
	}
	text, err := os.ReadFile(module.Info)
	if err != nil {
		return database{}, err
	}
	var info struct{ Time time.Time }
	if err := json.Unmarshal(text, &info); err != nil {
		return database{}, err
	}
	return database{filepath.Join(module.Dir, "data", "osv"), info.Time}, nil
}

// output runs a program in a folder and returns what it prints.
func output(folder, name string, arguments ...string) ([]byte, error) {
	cmd := exec.Command(name, arguments...)
	cmd.Dir = folder
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		return nil, fmt.Errorf(
			"%s %s: %w\n%s%s",
			filepath.Base(name),
			strings.Join(arguments, " "),
			err,
			out,
			exit.Stderr,
		)
	}
	return out, err
}
