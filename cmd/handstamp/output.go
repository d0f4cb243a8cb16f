package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// output prints rows: columns for people or, with --json, one JSON object a line. Rows are printed
// as they come, so that a list of a million begins at once and takes no room.
type output struct {
	w       io.Writer
	asJSON  bool
	columns *columns // nil: JSON
	err     error    // the first one
}

// flag lets the command's caller choose.
func (o *output) flag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print one JSON object a line")
}

// begin prints the heading.
func (o *output) begin(names ...string) {
	if !o.asJSON {
		o.columns = &columns{w: o.w}
		o.err = o.columns.add(names)
	}
}

// row prints one row: value for programs, cells for people.
func (o *output) row(value any, cells ...any) {
	if o.err != nil {
		return
	}
	if o.asJSON {
		o.err = json.NewEncoder(o.w).Encode(value)
		return
	}
	texts := make([]string, len(cells))
	for i, cell := range cells {
		texts[i] = printable(fmt.Sprint(cell))
	}
	o.err = o.columns.add(texts)
}

// end prints what is left and returns the first error.
func (o *output) end() error {
	if o.err == nil && o.columns != nil {
		o.err = o.columns.flush()
	}
	return o.err
}

// columnRows is how many rows are looked at together for the widths of columns.
const columnRows = 200

// columns prints texts one below the other. Columns only ever become wider.
type columns struct {
	w       io.Writer
	widths  []int // in characters
	waiting [][]string
}

// add takes one row.
func (c *columns) add(row []string) error {
	c.waiting = append(c.waiting, row)
	if len(c.waiting) < columnRows {
		return nil
	}
	return c.flush()
}

// flush prints the rows that wait.
func (c *columns) flush() error {
	for _, row := range c.waiting {
		for i, text := range row {
			if i == len(c.widths) {
				c.widths = append(c.widths, 0)
			}
			c.widths[i] = max(c.widths[i], utf8.RuneCountInString(text))
		}
	}
	var b strings.Builder
	for _, row := range c.waiting {
		for i, text := range row {
			if b.WriteString(text); i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", c.widths[i]-utf8.RuneCountInString(text)+2))
			}
		}
		b.WriteByte('\n')
	}
	c.waiting = c.waiting[:0]
	_, err := io.WriteString(c.w, b.String())
	return err
}

// printable keeps what strangers typed from moving the terminal's cursor.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}

// day returns a time for people.
func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// yes returns a boolean for people.
func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
