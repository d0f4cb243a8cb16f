package repo

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
)

// statement is how SQL is written here: its words in capitals.
var statement = regexp.MustCompile(
	`(?s)\b(SELECT\s.*\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|(CREATE|ALTER|DROP)\s+(TABLE|INDEX|TRIGGER|VIEW)|PRAGMA)\b`,
)

// CheckSQL finds SQL outside the packages that may have it. Tests are free: they break
// databases, and type what an attacker types.
func (t *Tree) CheckSQL(allowed []string) []Problem {
	var found []Problem
	for _, p := range t.Packages {
		if slices.ContainsFunc(allowed, func(pattern string) bool { return matches(pattern, p.Dir) }) {
			continue
		}
		for _, f := range p.Files {
			if f.Test {
				continue
			}
			ast.Inspect(f.AST, func(n ast.Node) bool {
				if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING && statement.MatchString(text.Value) {
					found = append(found, t.at(text.Pos(), "SQL outside an engine"))
				}
				return true
			})
		}
	}
	return found
}
