package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// exception lets one module call one vulnerability.
type exception struct {
	id     string // such as GO-2026-1234
	module string // its folder from the root; "." for the root itself
	date   time.Time
	reason string
}

// exceptionLine is id, folder, date and reason, with any space between them.
var exceptionLine = regexp.MustCompile(`^(GO-\d{4}-\d{4,})\s+(\S+)\s+(\d{4}-\d{2}-\d{2})\s+(\S.*)$`)

// parseExceptions reads one exception a line. Empty lines and those that begin with # are skipped.
func parseExceptions(text string) ([]exception, error) {
	var all []exception
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		m := exceptionLine.FindStringSubmatch(line)
		if m == nil {
			return nil, fmt.Errorf("line %d: want ID MODULE YYYY-MM-DD REASON", i+1)
		}
		date, err := time.Parse(time.DateOnly, m[3])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		all = append(all, exception{m[1], m[2], date, m[4]})
	}
	return all, nil
}
