package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"
)

// output prints rows: columns for people or, with --json, one JSON object a line.
type output struct {
	w      io.Writer
	asJSON bool
	table  *tabwriter.Writer // nil: JSON
	err    error             // the first one
}

// flag lets the command's caller choose.
func (o *output) flag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print one JSON object a line")
}

// begin prints the heading.
func (o *output) begin(columns ...string) {
	if !o.asJSON {
		o.table = tabwriter.NewWriter(o.w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(o.table, strings.Join(columns, "\t"))
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
	_, o.err = fmt.Fprintln(o.table, strings.Join(texts, "\t"))
}

// end prints what is left and returns the first error.
func (o *output) end() error {
	if o.err == nil && o.table != nil {
		o.err = o.table.Flush()
	}
	return o.err
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
