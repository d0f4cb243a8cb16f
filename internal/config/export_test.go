package config

// LoadTOML is Load with the text of a file.
func LoadTOML(text string) (*Config, error) {
	r := &reader{given: map[string]value{}}
	r.readTOML(text, "file handstamp.toml")
	return r.finish()
}

// Names returns every setting with its flag, or "" where it has none, and its variable.
func Names() [][3]string {
	var all [][3]string
	for _, s := range settings {
		flag := s.flag()
		if s.kind == hidden {
			flag = ""
		}
		all = append(all, [3]string{s.name, flag, s.variable()})
	}
	return all
}
