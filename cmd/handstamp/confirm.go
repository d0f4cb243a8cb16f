package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// errNotConfirmed is the answer no.
var errNotConfirmed = errors.New("nothing was changed")

// confirming adds the flag --yes to a command that cannot be undone.
func confirming(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().Bool("yes", false, "do not ask, for scripts")
	return cmd
}

// mayConfirm refuses a command that cannot be undone before anything is opened, where nobody can be
// asked and --yes was not given.
func (w environment) mayConfirm(cmd *cobra.Command) error {
	if yes, err := cmd.Flags().GetBool("yes"); err != nil || yes || isTerminal(w.stdin) {
		return err
	}
	return usageError{fmt.Errorf("%s cannot be undone, and there is no terminal to ask at\n"+
		"hint: say --yes where nobody can answer", cmd.CommandPath())}
}

// confirm asks at the terminal whether to do something, unless --yes was given.
func (w environment) confirm(cmd *cobra.Command, question string) error {
	if yes, err := cmd.Flags().GetBool("yes"); err != nil || yes {
		return err
	}
	fmt.Fprintf(w.stderr, "%s? This cannot be undone. Type yes: ", question)
	answer, err := bufio.NewReader(w.stdin).ReadString('\n')
	if err != nil || strings.TrimSpace(answer) != "yes" {
		return errNotConfirmed
	}
	return nil
}
