package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/handstamp/handstamp/internal/config"
)

// usageError is a command line that was not understood.
type usageError struct{ error }

// takes says which arguments a command takes: NAME is one, [NAME] one that may be left out, and
// [NAME]... any number. No error shows what was given: it may be a secret in the wrong place.
func takes(names ...string) cobra.PositionalArgs {
	var needed []string
	most := len(names)
	for _, name := range names {
		if !strings.HasPrefix(name, "[") {
			needed = append(needed, name)
		}
		if strings.HasSuffix(name, "...") {
			most = -1
		}
	}
	return func(cmd *cobra.Command, args []string) error {
		usage := "\nhint: usage: " + cmd.UseLine()
		switch {
		case len(args) < len(needed):
			return usageError{fmt.Errorf("%s needs %s%s", cmd.CommandPath(),
				strings.Join(needed[len(args):], " and "), usage)}
		case most == 0 && len(args) > 0:
			return usageError{fmt.Errorf("%s takes no arguments, and %d %s given%s",
				cmd.CommandPath(), len(args), were(len(args)), usage)}
		case most > 0 && len(args) > most:
			return usageError{fmt.Errorf("%s takes %s and nothing else, and %d arguments were given%s",
				cmd.CommandPath(), strings.Join(names, " and "), len(args), usage)}
		}
		return nil
	}
}

// were returns the verb for a number of things.
func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// group makes a command that has commands of its own refuse everything else. Alone, the program
// shows what there is; any other group has then done nothing, and says so by its exit status.
func group(cmd *cobra.Command) {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) > 0:
			return unknownCommand(cmd, args[0])
		case !cmd.HasParent():
			return cmd.Help()
		}
		return usageError{fmt.Errorf("say what to do with %s\nhint: %s --help lists what there is",
			cmd.Name(), cmd.CommandPath())}
	}
}

// unknownCommand returns the error for a word that names no command of cmd. What was typed is shown
// only where it is almost one: anything else may be a secret in the wrong place.
func unknownCommand(cmd *cobra.Command, typed string) error {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	help := "\nhint: " + cmd.CommandPath() + " --help lists what there is"
	if meant := config.DidYouMean(typed, names); meant != "" {
		return usageError{fmt.Errorf("%s has no command %q\nhint: %s%s", cmd.CommandPath(), typed, meant, help)}
	}
	return usageError{fmt.Errorf("%s has no such command%s", cmd.CommandPath(), help)}
}

// flagError says what is wrong with a flag, and never shows its value.
func flagError(cmd *cobra.Command, err error) error {
	help := "\nhint: " + cmd.CommandPath() + " --help lists what there is"
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return unknownFlag(cmd, unknown, help)
	}
	if missing, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return usageError{fmt.Errorf("--%s needs a value%s", missing.GetFlag().Name, help)}
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		name, shape := invalid.GetFlag().Name, invalid.GetFlag().Value.Type()
		switch shape {
		case "bool":
			shape = "no value"
		case "uint":
			shape = "a number from 0 on"
		}
		return usageError{fmt.Errorf("--%s has no good value\nhint: it takes %s%s", name, shape, help)}
	}
	return usageError{errors.New("a flag is not understood" + help)}
}

// unknownFlag returns the error for a flag that does not exist. It is shown where it is written as
// flags are: with letters and hyphens.
func unknownFlag(cmd *cobra.Command, unknown *pflag.NotExistError, help string) error {
	name := unknown.GetSpecifiedName()
	switch {
	case unknown.GetSpecifiedShortnames() != "":
		return usageError{errors.New("flags are written with two dashes" + help)}
	case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") != "" || len(name) > maxFlagName:
		return usageError{errors.New("unknown flag" + help)}
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if meant := config.DidYouMean(name, names); meant != "" {
		help = "\nhint: " + strings.Replace(meant, "mean ", "mean --", 1) + help
	}
	return usageError{fmt.Errorf("unknown flag: --%s%s", name, help)}
}

// maxFlagName is the longest name that a message shows, in bytes: ours are shorter.
const maxFlagName = 30
