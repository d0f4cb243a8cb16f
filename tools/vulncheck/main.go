// Vulncheck looks in every module of this tree for calls of functions with a known vulnerability:
// make vulncheck. It asks the Go vulnerability database as the module golang.org/x/vulndb, so that
// it needs nothing but a module proxy, or a copy that was downloaded before.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// main prints one line for each module, and ends with status 1 if something has to be done.
func main() {
	root := flag.String("root", "..", "the folder whose modules are checked")
	listed := flag.String("exceptions", filepath.Join("vulncheck", "exceptions.txt"), "the file of exceptions")
	flag.Parse()
	if err := run(*root, *listed); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run checks the modules below root with the newest database.
func run(root, listed string) error {
	text, err := os.ReadFile(listed)
	if err != nil {
		return err
	}
	exceptions, err := parseExceptions(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", listed, err)
	}
	db, err := newestDatabase()
	if err != nil {
		return err
	}
	fmt.Printf("vulnerability database of %s\n", db.time.Format("2006-01-02"))
	s, err := newScanner(db.folder)
	if err != nil {
		return err
	}
	return check(s, root, exceptions)
}

// check scans every module below root and holds what is called to the exceptions.
func check(s *scanner, root string, exceptions []exception) error {
	modules, err := modulesBelow(root)
	if err != nil {
		return err
	}
	var all []vulnerability
	var failed []error
	for _, module := range modules {
		found, err := s.scan(root, module)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", module, err))
			continue
		}
		fmt.Printf("%-20s %d called\n", module, len(found))
		all = append(all, found...)
	}
	for _, problem := range judge(all, exceptions) {
		failed = append(failed, errors.New(problem))
	}
	return errors.Join(failed...)
}

// judge returns what has to be done: vulnerabilities that are called and not excepted, and
// exceptions for what is not called any more.
func judge(found []vulnerability, exceptions []exception) (problems []string) {
	needed := map[exception]bool{}
	for _, v := range found {
		excepted := false
		for _, e := range exceptions {
			if e.id == v.id && e.module == v.module {
				needed[e], excepted = true, true
			}
		}
		if !excepted {
			problems = append(problems, v.String())
		}
	}
	for _, e := range exceptions {
		if !needed[e] {
			problems = append(
				problems,
				fmt.Sprintf("%s: %s is not called any more: delete its exception", e.module, e.id),
			)
		}
	}
	return problems
}

// String says what was found, where, and what to do.
func (v vulnerability) String() string {
	todo := "there is no fixed version: stop calling it, or list it in tools/vulncheck/exceptions.txt"
	switch {
	case v.fixed != "" && v.in == "stdlib":
		todo = fmt.Sprintf("fixed in go%s: raise the toolchain line of %s",
			strings.TrimPrefix(v.fixed, "v"), filepath.Join(v.module, "go.mod"))
	case v.fixed != "":
		todo = fmt.Sprintf("fixed in %s: go -C %s get %s@%s && go -C %[2]s mod tidy", v.fixed, v.module, v.in, v.fixed)
	}
	return fmt.Sprintf("%s: %s in %s: %s\n\tcalled by %s\n\t%s\n\thttps://pkg.go.dev/vuln/%s",
		v.module, v.id, v.in, cmp.Or(v.summary, "no summary"), v.caller, todo, v.id)
}
