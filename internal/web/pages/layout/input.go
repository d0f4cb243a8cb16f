package layout

import (
	"fmt"
	"strings"

	"github.com/handstamp/handstamp/internal/fault"
)

// Input is one field of a form.
type Input struct {
	Name         string // as it is sent; also its id
	Label        string // what it asks for
	Type         string // of the HTML element
	Autocomplete string // what password managers and browsers fill in. standards PW-10
	Keyboard     string // of a phone; empty: as the type has it
	Rules        string // what password makers are told; empty: nothing
	Hint         string // a sentence of advice; empty: none
	Value        string // what was typed before; never a password
	Error        string // what is wrong with it; empty: nothing
	Unproven     bool   // wrong together with others: the alert says why
	Optional     bool   // may be left empty
	Focus        bool   // typing begins here
}

// EmailInput asks for the address that names an account.
func EmailInput() Input {
	return Input{Name: "email", Label: "E-mail address", Type: "text", Autocomplete: "username", Keyboard: "email"}
}

// NameInput asks what a person is called.
func NameInput() Input {
	return Input{Name: "name", Label: "Name", Type: "text", Autocomplete: "name", Optional: true}
}

// NewPasswordInput asks for a password to be chosen, of at least so many characters. There is
// guidance, since there are no rules of composition. NIST SP 800-63B-4 §3.1.1.2, standards PW-35
func NewPasswordInput(name, label string, least int) Input {
	return Input{
		Name: name, Label: label, Type: "password", Autocomplete: "new-password",
		Rules: fmt.Sprintf("minlength: %d; maxlength: 256;", least),
		Hint: fmt.Sprintf("At least %d characters, of any kind. Four or five unrelated words are easy to remember "+
			"and hard to guess. Or let a password manager choose.", least),
	}
}

// Refused reports whether the field has to be filled in again.
func (i Input) Refused() bool { return i.Error != "" || i.Unproven }

// DescribedBy returns the ids of what there is to read about the field. WCAG 2.2 §3.3.1
func (i Input) DescribedBy() string {
	var ids []string
	if i.Error != "" {
		ids = append(ids, i.Name+"-error")
	}
	if i.Unproven {
		ids = append(ids, "alert")
	}
	if i.Hint != "" {
		ids = append(ids, i.Name+"-hint")
	}
	return strings.Join(ids, " ")
}

// Alert says why a form came back. The zero Alert is none.
type Alert struct {
	Say      string
	Mistakes []Mistake // nil: nothing about a field by itself
}

// Mistake is what is wrong with one field.
type Mistake struct {
	Field string
	Say   string
}

// Marked returns the alert for a refused form and marks the inputs that the fault names. The
// first of them takes the focus.
func Marked(f *fault.Fault, inputs ...*Input) Alert {
	alert := Alert{Say: f.Say}
	for _, input := range inputs {
		input.Focus = false
		for _, field := range f.Fields {
			if field.Name == input.Name {
				input.Error = field.Detail
				input.Focus = len(alert.Mistakes) == 0
				alert.Mistakes = append(alert.Mistakes, Mistake{field.Name, field.Detail})
				break
			}
		}
	}
	if len(alert.Mistakes) > 0 {
		alert.Say = "Please fix what is marked below."
	}
	return alert
}

// Refuse returns the alert for a refused form, as Marked does, and says in the page's title that
// something is wrong. WCAG 2.2 §3.3.1
func (f *Frame) Refuse(refused *fault.Fault, inputs ...*Input) Alert {
	f.Title = "Error: " + f.Title
	return Marked(refused, inputs...)
}
