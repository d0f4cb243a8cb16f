package repo

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Block is one fenced block of a document.
type Block struct {
	Info string // what stands behind the fence, such as "go"
	Text string // its lines, without the fences
	Line int    // of its first line in the document, from 1
}

// Blocks returns the fenced blocks of a document, in order.
func Blocks(document string) []Block {
	var all []Block
	open := false
	for i, line := range strings.Split(document, "\n") {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && !open:
			all = append(all, Block{Info: strings.TrimSpace(info), Line: i + 2})
			open = true
		case fence:
			open = false
		case open:
			all[len(all)-1].Text += line + "\n"
		}
	}
	return all
}

// prose returns a document without its fenced blocks and without code in its lines.
func prose(document string) string {
	var kept []string
	open := false
	for line := range strings.Lines(document) {
		if strings.HasPrefix(line, "```") {
			open = !open
		} else if !open {
			kept = append(kept, code.ReplaceAllString(line, ""))
		}
	}
	return strings.Join(kept, "")
}

// What is looked for in a document.
var (
	code    = regexp.MustCompile("`[^`]*`")
	link    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
)

// Documents returns the names of the documents at the root and anywhere under docs.
func Documents(fsys fs.FS) ([]string, error) {
	all, err := fs.Glob(fsys, "*.md")
	if err != nil {
		return nil, err
	}
	err = fs.WalkDir(fsys, "docs", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && path.Ext(name) == ".md" {
			all = append(all, name)
		}
		return err
	})
	return all, err
}

// CheckLinks follows every link of the documents to a file of the tree and, behind a #, to a
// heading. Links to elsewhere are not followed.
func CheckLinks(fsys fs.FS, documents []string) []Problem {
	var found []Problem
	for _, name := range documents {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			found = append(found, Problem{name, err.Error()})
			continue
		}
		for _, m := range link.FindAllStringSubmatch(prose(string(text)), -1) {
			if why := follow(fsys, name, m[1]); why != "" {
				found = append(found, Problem{name, fmt.Sprintf("links to %s: %s", m[1], why)})
			}
		}
	}
	return found
}

// follow tells what is wrong with a link in a document, or "".
func follow(fsys fs.FS, from, target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return "is not a URL"
	}
	if u.Scheme != "" {
		return ""
	}
	name := from
	if u.Path != "" {
		name = path.Join(path.Dir(from), u.Path)
	}
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return "is not there"
	}
	if u.Fragment == "" || info.IsDir() {
		return ""
	}
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err.Error()
	}
	for _, m := range heading.FindAllStringSubmatch(string(text), -1) {
		if anchor(m[1]) == u.Fragment {
			return ""
		}
	}
	return "has no such heading"
}

// anchor returns the fragment by which GitHub knows a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// entry is one line of a drawing of the tree.
type entry struct {
	name  string // from the root
	isDir bool
	says  string // what stands behind the name
}

// drawn reads a drawing of the tree: a name a line, folders with a slash at the end, two
// spaces deeper below them, the root in the first line.
func drawn(block string) []entry {
	var all []entry
	var above []string
	for line := range strings.Lines(block) {
		rest := strings.TrimLeft(line, " ")
		depth := (len(line) - len(rest)) / 2
		name, says, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if name == "" || depth > len(above) {
			continue
		}
		above = append(above[:depth], strings.TrimSuffix(name, "/"))
		if depth > 0 {
			all = append(all, entry{path.Join(above[1:]...), strings.HasSuffix(name, "/"), strings.TrimSpace(says)})
		}
	}
	return all
}

// ManyBelow in the words of an entry says that the folders below it are not drawn.
const ManyBelow = "a folder each"

// CheckDrawing compares a document's drawing of the tree, its first block with the info
// "text", with the disk: whatever is drawn is there, and every package is drawn.
func (t *Tree) CheckDrawing(document string) []Problem {
	text, err := fs.ReadFile(t.FS, document)
	if err != nil {
		return []Problem{{document, err.Error()}}
	}
	blocks := Blocks(string(text))
	i := slices.IndexFunc(blocks, func(b Block) bool { return b.Info == "text" })
	if i < 0 {
		return []Problem{{document, "has no drawing of the tree"}}
	}
	entries := drawn(blocks[i].Text)
	var found []Problem
	for _, e := range entries {
		if info, err := fs.Stat(t.FS, e.name); err != nil || info.IsDir() != e.isDir {
			found = append(found, Problem{document, "draws " + e.name + ", which is not there"})
		}
	}
	for _, p := range t.Packages {
		isDrawn := func(e entry) bool {
			return e.name == p.Dir || strings.Contains(e.says, ManyBelow) && strings.HasPrefix(p.Dir, e.name+"/")
		}
		if p.Dir != "." && !slices.ContainsFunc(entries, isDrawn) {
			found = append(found, Problem{document, "does not draw " + p.Dir})
		}
	}
	return found
}
