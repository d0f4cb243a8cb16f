package repo

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Widths are how long lines may be, in characters, of which a tab is four.
type Widths struct {
	Code    int // lines of code, with what stands behind them
	Comment int // lines that are comment alone
}

// webAddress finds what nobody can break.
var webAddress = regexp.MustCompile(`https?://\S+`)

// CheckWidths finds lines that are too long. The inside of a raw string and an address on the web
// do not count; nor do generated files and the outputs of examples, which are compared as they are.
func (t *Tree) CheckWidths(w Widths) []Problem {
	var found []Problem
	for _, p := range t.Packages {
		for _, f := range p.Files {
			if !ast.IsGenerated(f.AST) {
				found = append(found, t.widths(f, w)...)
			}
		}
	}
	return found
}

// widths measures one file.
func (t *Tree) widths(f *File, w Widths) (found []Problem) {
	start := t.fset.File(f.AST.FileStart)
	output := false
	for i, line := range strings.Split(t.withoutRawStrings(f), "\n") {
		text := strings.TrimSpace(line)
		limit := w.Code
		isComment := strings.HasPrefix(text, "// ")
		if isComment {
			limit = w.Comment
		}
		output = isComment && (output || strings.HasSuffix(text, "utput:"))
		width := utf8.RuneCountInString(webAddress.ReplaceAllString(strings.ReplaceAll(line, "\t", "    "), ""))
		if width > limit && !output {
			found = append(
				found,
				t.at(start.LineStart(i+1), "the line has %d characters, at most %d are usual", width, limit),
			)
		}
	}
	return found
}

// withoutRawStrings returns a file's text without what raw strings hold but the ends of lines.
func (t *Tree) withoutRawStrings(f *File) string {
	var kept strings.Builder
	done := 0
	ast.Inspect(f.AST, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING || lit.Value[0] != '`' {
			return true
		}
		from, to := t.fset.Position(lit.Pos()).Offset+1, t.fset.Position(lit.End()).Offset-1
		kept.Write(f.Text[done:from])
		kept.WriteString(strings.Repeat("\n", strings.Count(string(f.Text[from:to]), "\n")))
		done = to
		return true
	})
	kept.Write(f.Text[done:])
	return kept.String()
}
