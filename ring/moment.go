package ring

import (
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// Moment is a local date and time of day, as NOTBEFORE and NOTAFTER take them. Either part may
// be left out: the zero value leaves both to their defaults (racdcert-certificates.md 3.2).
type Moment struct {
	Date string // yyyy-mm-dd, empty for the default
	Time string // hh:mm:ss, empty for the default
}

var (
	datePattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$`) })
	timePattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\d{1,2}):(\d{2}):(\d{2})$`) })
)

// The years that a certificate's dates may have (racdcert-certificates.md 3.2).
const minYear, maxYear = 1950, 9997

// ParseDate checks a date, written with - or / and one or two digits for month and day, and
// returns it as yyyy-mm-dd.
func ParseDate(s string) (string, error) {
	p := datePattern().FindStringSubmatch(s)
	if p == nil {
		return "", newError(msgBadMoment, "date", s, "it is not written as yyyy-mm-dd")
	}
	date := fmt.Sprintf("%s-%02s-%02s", p[1], p[2], p[3])
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return "", newError(msgBadMoment, "date", s, "there is no such day")
	}
	if t.Year() < minYear || t.Year() > maxYear {
		return "", newError(msgBadMoment, "date", s, fmt.Sprintf("the year is not between %d and %d", minYear, maxYear))
	}
	return date, nil
}

// ParseTimeOfDay checks a time of day and returns it as hh:mm:ss.
func ParseTimeOfDay(s string) (string, error) {
	p := timePattern().FindStringSubmatch(s)
	if p == nil {
		return "", newError(msgBadMoment, "time", s, "it is not written as hh:mm:ss")
	}
	clock := fmt.Sprintf("%02s:%s:%s", p[1], p[2], p[3])
	if _, err := time.Parse(time.TimeOnly, clock); err != nil {
		return "", newError(msgBadMoment, "time", s, "there is no such time")
	}
	return clock, nil
}

// period works out the validity of a certificate: from today 00:00:00 to a year after its
// first day 23:59:59, unless the moments say otherwise. days, when not zero, counts from the
// first day instead of a year.
func (m *Manager) period(notBefore, notAfter Moment, days int) (from, to time.Time, err error) {
	today := m.now().In(m.zone).Format(time.DateOnly)
	if from, err = m.at(notBefore, today, "00:00:00"); err != nil {
		return from, to, err
	}
	if days > (maxYear-minYear)*366 {
		return from, to, newError(msgBadMoment, "number of days", strconv.Itoa(days), fmt.Sprintf("it ends after the year %d", maxYear))
	}
	y, mon, d := from.Date()
	end := time.Date(y+1, mon, d, 0, 0, 0, 0, m.zone)
	if days > 0 {
		end = time.Date(y, mon, d+days, 0, 0, 0, 0, m.zone)
	}
	if to, err = m.at(notAfter, end.Format(time.DateOnly), "23:59:59"); err != nil {
		return from, to, err
	}
	switch {
	case to.Year() > maxYear && days > 0:
		err = newError(msgBadMoment, "number of days", strconv.Itoa(days), fmt.Sprintf("it ends after the year %d", maxYear))
	case to.Year() > maxYear:
		err = newError(msgBadMoment, "NOTBEFORE", from.Format(time.DateOnly), fmt.Sprintf("a year later is after %d; give NOTAFTER too", maxYear))
	case !from.Before(to):
		err = newError(msgBadPeriod, from.Format(time.DateTime), to.Format(time.DateTime))
	}
	return from, to, err
}

// at gives the instant of a moment, each missing part from its default.
func (m *Manager) at(w Moment, date, clock string) (time.Time, error) {
	var err error
	if w.Date != "" {
		if date, err = ParseDate(w.Date); err != nil {
			return time.Time{}, err
		}
	}
	if w.Time != "" {
		if clock, err = ParseTimeOfDay(w.Time); err != nil {
			return time.Time{}, err
		}
	}
	t, err := time.ParseInLocation(time.DateTime, date+" "+clock, m.zone)
	if err != nil {
		return t, err
	}
	return afterGap(t, date+" "+clock), nil
}

// afterGap gives, for a local time that a change to summer time leaves out, the first instant
// after the gap. Go's choice for such a time is one side or the other.
func afterGap(t time.Time, wanted string) time.Time {
	start, end := t.ZoneBounds()
	switch shown := t.Format(time.DateTime); {
	case shown < wanted && !end.IsZero():
		return end
	case shown > wanted && !start.IsZero():
		return start
	}
	return t
}

// day shows an instant as a local date.
func (m *Manager) day(t time.Time) string { return t.In(m.zone).Format(time.DateOnly) }
