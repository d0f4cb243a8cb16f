package sessions

import "time"

// Moment is a point in time as a page tells it.
type Moment struct {
	Words   string // for people, UTC said
	Machine string // the same for programs, no finer. HTML §4.5.14
}

// layouts of times: the month as a word, since 3/4 is March to some and April to others.
const (
	longTime    = "2 January 2006, 15:04 UTC"
	longHour    = "2 January 2006, about 15:04 UTC"
	clockHour   = "about 15:04 UTC"
	machineTime = "2006-01-02T15:04Z"
)

// exactly tells a time to the minute.
func exactly(t time.Time) Moment {
	t = t.UTC()
	return Moment{t.Format(longTime), t.Format(machineTime)}
}

// toTheHour tells when a session was last used, to the hour and no finer: a list that a
// thief reads must not tell when to strike. docs/protocol.md §4
func toTheHour(t, now time.Time) Moment {
	t, now = t.UTC(), now.UTC()
	about := t.Round(time.Hour)
	machine := about.Format(machineTime)
	switch {
	case t.Truncate(time.Hour).Equal(now.Truncate(time.Hour)):
		return Moment{"within the last hour", now.Truncate(time.Hour).Format(machineTime)}
	case sameDay(about, now):
		return Moment{"today, " + about.Format(clockHour), machine}
	case sameDay(about, now.AddDate(0, 0, -1)):
		return Moment{"yesterday, " + about.Format(clockHour), machine}
	}
	return Moment{about.Format(longHour), machine}
}

// sameDay reports whether two times are on one day of UTC.
func sameDay(a, b time.Time) bool {
	return a.YearDay() == b.YearDay() && a.Year() == b.Year()
}
