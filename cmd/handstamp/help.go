package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/handstamp/handstamp/internal/config"
)

// helpWidth is how wide help is, in columns.
const helpWidth = 80

// shownSettings are the settings that the help of every command lists. The rest are flags too;
// handstamp settings lists them.
var shownSettings = []string{"config", "database"}

// prepare adds to every command what all have: groups refuse what they do not know, flags
// complete, and help looks alike.
func prepare(root *cobra.Command) {
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { fmt.Fprint(cmd.OutOrStdout(), helpText(cmd)) })
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(helpCommand())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	prepareBelow(root)
}

// prepareBelow prepares a command and those below it.
func prepareBelow(cmd *cobra.Command) {
	cmd.DisableFlagsInUseLine = true
	cmd.InitDefaultHelpFlag()
	cmd.Flags().Lookup("help").Usage = "show this"
	if cmd.HasSubCommands() {
		group(cmd)
	} else if cmd.HasParent() && cmd.Parent().Name() == "completion" {
		cmd.Args = takes() // the library's refusal shows what was given
	} else if cmd.ValidArgsFunction == nil && !strings.Contains(cmd.Use, "FILE") {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if choices := config.Choices(f); choices != nil {
			cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp))
		}
	})
	for _, below := range cmd.Commands() {
		prepareBelow(below)
	}
}

// helpCommand is "handstamp help COMMAND".
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]...",
		Short:   "Explain a command",
		Example: "handstamp help session end",
		RunE: func(cmd *cobra.Command, args []string) error {
			at := cmd.Root()
			for _, name := range args {
				next, rest, err := at.Find([]string{name})
				if err != nil || next == at || len(rest) > 0 {
					return unknownCommand(at, name)
				}
				at = next
			}
			return at.Help()
		},
	}
}

// settingsTopic lists every setting as a flag: handstamp settings.
func settingsTopic() *cobra.Command {
	var flags pflag.FlagSet
	config.AddFlags(&flags)
	return &cobra.Command{
		Use:     "settings",
		Short:   "List the settings, which are flags of every command",
		Example: "handstamp settings",
		Args:    takes(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Long: "The settings. Each is a flag of every command that reads settings, a variable\n" +
			"of the environment, and a line of the file that --config names: docs/config.md.\n\n" +
			strings.TrimRight(flags.FlagUsagesWrapped(helpWidth), "\n"),
	}
}

// helpText is the help of a command.
func helpText(cmd *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", strings.TrimSpace(cmp.Or(cmd.Long, cmd.Short+".")))
	fmt.Fprintf(&b, "\nUsage:\n  %s\n", usageLine(cmd))
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\nCommands:\n")
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				fmt.Fprintf(&b, "  %-11s %s\n", c.Name(), c.Short)
			}
		}
	}
	own, settings := splitFlags(cmd)
	switches := strings.NewReplacer("[=true|false]", "             ") // nobody says --admin=true
	fmt.Fprintf(&b, "\nFlags:\n%s", switches.Replace(own.FlagUsagesWrapped(helpWidth)))
	if settings.HasFlags() {
		fmt.Fprintf(&b, "\nSettings:\n%s", settings.FlagUsagesWrapped(helpWidth))
		b.WriteString("  and every other setting; handstamp settings lists them\n")
	}
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\nExample:\n  %s\n", strings.ReplaceAll(cmd.Example, "\n", "\n  "))
	}
	return b.String()
}

// usageLine is how a command is called.
func usageLine(cmd *cobra.Command) string {
	if cmd.HasSubCommands() {
		return cmd.CommandPath() + " COMMAND"
	}
	return cmd.UseLine()
}

// splitFlags returns the flags that help lists: the command's own, and the settings that every
// command lists.
func splitFlags(cmd *cobra.Command) (own, settings *pflag.FlagSet) {
	own, settings = &pflag.FlagSet{}, &pflag.FlagSet{}
	settings.SortFlags = false
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if !config.IsSetting(f) {
			own.AddFlag(f)
		}
	})
	for _, name := range shownSettings {
		if f := cmd.Flags().Lookup(name); f != nil && config.IsSetting(f) {
			settings.AddFlag(f)
		}
	}
	return own, settings
}
