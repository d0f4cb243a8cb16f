package migration_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/handstamp/handstamp/internal/store/migration"
)

// folder makes files of scripts by name.
func folder(scripts map[string]string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, script := range scripts {
		files["steps/"+name] = &fstest.MapFile{Data: []byte(script)}
	}
	return files
}

// TestRead reads steps in order, and refuses what has no place in it.
func TestRead(t *testing.T) {
	tests := []struct {
		name    string
		scripts map[string]string
		want    string // number, name and oldest of each step; empty: refused
	}{
		{
			"in order",
			map[string]string{"0002_more.sql": "-- oldest: 1\nb", "0001_begin.sql": "a"},
			"1 0001_begin.sql 1, 2 0002_more.sql 2>1",
		},
		{
			"oldest only in the first line",
			map[string]string{"0001_a.sql": "a", "0002_b.sql": "\n-- oldest: 1\nb"},
			"1 0001_a.sql 1, 2 0002_b.sql 2",
		},
		{"a gap", map[string]string{"0001_a.sql": "a", "0003_c.sql": "c"}, ""},
		{"two of a number", map[string]string{"0001_a.sql": "a", "0001_b.sql": "b"}, ""},
		{"for a program to come", map[string]string{"0001_a.sql": "-- oldest: 2\na"}, ""},
		{"for no number", map[string]string{"0001_a.sql": "-- oldest: 99999999999999999999\na"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			steps, err := migration.Read(folder(tt.scripts), "steps")
			var got []string
			for _, s := range steps {
				said := fmt.Sprint(s.Number, " ", s.Name, " ", s.Number)
				if s.Oldest != s.Number {
					said += fmt.Sprint(">", s.Oldest)
				}
				got = append(got, said)
				if len(s.Sum) != 64 || !strings.HasSuffix(tt.scripts[s.Name], s.Script) {
					t.Errorf("step %s = %q, sum %q, want the file's", s.Name, s.Script, s.Sum)
				}
			}
			if all := strings.Join(got, ", "); all != tt.want || (err == nil) != (tt.want != "") ||
				err != nil && !errors.Is(err, migration.ErrSchema) {
				t.Errorf("Read = %q, %v, want %q", all, err, tt.want)
			}
		})
	}
}

// TestDone lets a program run on a database that has its own steps behind it, fewer of them, or
// more that were made for it too.
func TestDone(t *testing.T) {
	step := func(number, oldest int, sum string) migration.Step {
		return migration.Step{Number: number, Name: fmt.Sprintf("%04d_x.sql", number), Sum: sum, Oldest: oldest}
	}
	program := []migration.Step{step(1, 1, "a"), step(2, 2, "b")}
	tests := []struct {
		name  string
		found []migration.Step
		want  int
		says  string // of the refusal; empty: none
	}{
		{"nothing", nil, 0, ""},
		{"behind", program[:1], 1, ""},
		{"the same", program, 2, ""},
		{
			"newer",
			append(program[:2:2], step(3, 3, "c")),
			0,
			"schema 3 (0003_x.sql), this program knows 2: use a newer handstamp",
		},
		{"newer, for this one too", append(program[:2:2], step(3, 2, "c")), 2, ""},
		{"newer, for older ones too", append(program[:2:2], step(3, 1, "c"), step(4, 2, "d")), 2, ""},
		{"newer twice, once not for this one", append(program[:2:2], step(3, 3, "c"), step(4, 1, "d")), 0, "schema 3"},
		{"changed", []migration.Step{step(1, 1, "x")}, 0, "0001_x.sql of the database is not"},
		{"a gap", []migration.Step{step(1, 1, "a"), step(3, 1, "c")}, 0, "migration 2 is missing"},
		{"without the first", []migration.Step{step(2, 2, "b")}, 0, "migration 1 is missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := migration.Done(program, tt.found)
			refused := errors.Is(err, migration.ErrSchema) && strings.Contains(err.Error(), tt.says)
			if got != tt.want || refused != (tt.says != "") || (err == nil) != (tt.says == "") {
				t.Errorf("Done = %d, %v, want %d, saying %q", got, err, tt.want, tt.says)
			}
		})
	}
}
