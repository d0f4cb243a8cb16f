package repo

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"regexp"
	"strings"
	"unicode"
)

// Wording is an expression that is not ours, and what we write.
type Wording struct {
	Pattern *regexp.Regexp // matched with a comment, and with a name in small letters: "read tree" for readTree
	Instead string
}

// CheckWords finds expressions in the comments and in the top-level names and methods of all files.
func (t *Tree) CheckWords(wordings []Wording) []Problem {
	var found []Problem
	for _, p := range t.Packages {
		for _, f := range p.Files {
			for _, group := range f.AST.Comments {
				found = append(found, t.commentWords(group, wordings)...)
			}
			for _, name := range declaredNames(f.AST) {
				for _, w := range wordings {
					if w.Pattern.MatchString(spaced(name.Name)) {
						found = append(found, t.at(name.Pos(), "%s: write %s", name.Name, w.Instead))
					}
				}
			}
		}
	}
	return found
}

// commentWords looks through a comment as if it were one line.
func (t *Tree) commentWords(group *ast.CommentGroup, wordings []Wording) (found []Problem) {
	var text strings.Builder
	var starts []int // where each of the group's comments begins in text
	for _, c := range group.List {
		starts = append(starts, text.Len())
		text.WriteString(strings.TrimPrefix(c.Text, "//"))
	}
	for _, w := range wordings {
		for _, at := range w.Pattern.FindAllStringIndex(text.String(), -1) {
			line := 0
			for line+1 < len(starts) && starts[line+1] <= at[0] {
				line++
			}
			found = append(found, t.at(group.List[line].Pos(), "%q: write %s",
				strings.TrimSpace(text.String()[at[0]:at[1]]), w.Instead))
		}
	}
	return found
}

// declaredNames returns the names that a file declares at its top level, methods included.
func declaredNames(file *ast.File) (names []*ast.Ident) {
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			names = append(names, d.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name)
				case *ast.ValueSpec:
					names = append(names, s.Names...)
				}
			}
		}
	}
	return names
}

// spaced returns a name's words in small letters: "read tree" for readTree.
func spaced(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// CheckDocumentWords finds expressions in the prose of documents.
func CheckDocumentWords(fsys fs.FS, documents []string, wordings []Wording) []Problem {
	var found []Problem
	for _, name := range documents {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			found = append(found, Problem{name, err.Error()})
			continue
		}
		for _, w := range wordings {
			for _, expression := range w.Pattern.FindAllString(prose(string(text)), -1) {
				found = append(
					found,
					Problem{name, fmt.Sprintf("%q: write %s", strings.TrimSpace(expression), w.Instead)},
				)
			}
		}
	}
	return found
}

// CheckDocForm holds the comment of a function or a type to Go's form: it begins with the name, and
// a function returns. The comment of an example is a text of its own.
func (t *Tree) CheckDocForm() []Problem {
	var found []Problem
	for _, p := range t.Packages {
		for _, f := range p.Files {
			for _, decl := range f.AST.Decls {
				switch d := decl.(type) {
				case *ast.FuncDecl:
					if !f.Test || !strings.HasPrefix(d.Name.Name, "Example") {
						found = append(found, t.docForm(d.Name, d.Doc)...)
					}
				case *ast.GenDecl:
					if d.Tok == token.TYPE && len(d.Specs) == 1 {
						found = append(found, t.docForm(d.Specs[0].(*ast.TypeSpec).Name, d.Doc)...)
					}
				}
			}
		}
	}
	return found
}

// docForm looks at the first words of a comment.
func (t *Tree) docForm(name *ast.Ident, doc *ast.CommentGroup) []Problem {
	words := strings.Fields(doc.Text())
	if len(words) > 1 && (words[0] == "A" || words[0] == "An" || words[0] == "The") {
		words = words[1:]
	}
	switch {
	case doc == nil:
		return nil // CheckComments asks for one
	case len(words) == 0 || strings.Trim(words[0], ",:") != name.Name:
		return []Problem{t.at(doc.Pos(), "the comment of %s does not begin with its name", name.Name)}
	case len(words) > 1 && words[1] == "gives":
		return []Problem{t.at(doc.Pos(), "%s gives: write returns", name.Name)}
	}
	return nil
}
