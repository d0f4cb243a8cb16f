package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// everyCommand calls do with every command that there is, by its words.
func everyCommand(t *testing.T, do func(t *testing.T, words []string, cmd *cobra.Command)) {
	var walk func(cmd *cobra.Command, words []string)
	walk = func(cmd *cobra.Command, words []string) {
		t.Run(cmd.CommandPath(), func(t *testing.T) { do(t, words, cmd) })
		for _, below := range cmd.Commands() {
			walk(below, append(words[:len(words):len(words)], below.Name()))
		}
	}
	walk(environment{}.root(), nil)
}

// TestHelp holds the help of every command to a terminal's width, and to what a stranger needs
// first: what it does, how it is called, its own flags, where the data is, and an example. The
// other settings are in one place.
func TestHelp(t *testing.T) {
	everyCommand(t, func(t *testing.T, words []string, cmd *cobra.Command) {
		if cmd.Parent() != nil && cmd.Parent().Name() == "completion" {
			return // the library's words
		}
		var out strings.Builder
		got := run(t.Context(), environment{args: append(words, "--help"), stdout: &out, stderr: &out})
		if got != 0 {
			t.Fatalf("--help = %d: %s", got, &out)
		}
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > helpWidth {
				t.Errorf("%d columns: %s", n, line)
			}
		}
		if strings.Contains(out.String(), "--signing-alg") && cmd.Name() != "settings" {
			t.Errorf("it lists settings that have nothing to do with it:\n%s", &out)
		}
		if cmd.Runnable() && !cmd.HasSubCommands() && cmd.Example == "" {
			t.Error("it has no example")
		}
		if !cmd.HasSubCommands() && cmd.Args == nil && cmd.Runnable() && cmd.Name() != "help" {
			t.Error("it does not say which arguments it takes")
		}
	})
}

// TestCompletion completes the values of a setting that has a few.
func TestCompletion(t *testing.T) {
	var out strings.Builder
	args := []string{"__complete", "serve", "--log-format", ""}
	if got := run(t.Context(), environment{args: args, stdout: &out, stderr: &strings.Builder{}}); got != 0 {
		t.Fatalf("__complete = %d: %s", got, &out)
	}
	for _, want := range []string{"text\n", "json\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("completions are %q, want %q among them", &out, want)
		}
	}
}
