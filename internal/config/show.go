package config

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Value is one setting as it is in effect.
type Value struct {
	Name   string `json:"name"`
	Value  string `json:"value"`  // "(secret)" for a secret that is set; empty: not set
	Source string `json:"source"` // such as "default" or "flag --listen"
}

// Values returns every setting in effect, in the order of docs/config.md.
func (c *Config) Values() []Value {
	values := make([]Value, 0, len(settings))
	for _, s := range settings {
		v := Value{Name: s.name, Value: s.show(c), Source: "default"}
		if source, given := c.from[s.name]; given {
			v.Source = source
		}
		if s.kind == hidden && c.MasterKey.Empty() {
			v.Value = ""
		}
		values = append(values, v)
	}
	return values
}

// SecretFiles returns the files from which secrets were read, other than MasterKeyFile.
func (c *Config) SecretFiles() []string {
	var files []string
	if file, found := strings.CutPrefix(c.from["master_key"], "file "); found {
		files = append(files, file)
	}
	hasPassword := strings.Contains(c.Database.String(), ":(secret)@")
	if file, found := strings.CutPrefix(c.from["database"], "file "); found && hasPassword {
		files = append(files, file)
	}
	if c.databaseFile != "" && hasPassword {
		files = append(files, c.databaseFile)
	}
	return files
}

// Show writes every setting in effect with its source, a line each. Secrets are not shown.
func (c *Config) Show(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, v := range c.Values() {
		value := v.Value
		if value == "" {
			value = "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", v.Name, value, v.Source)
	}
	return table.Flush()
}
