package ring

import (
	"context"
	"fmt"
	"strings"
)

// settingValues lists the database settings and what each may be, its default first.
var settingValues = [...]struct {
	name   string
	values []string
}{
	{settingSerials, []string{serialsCounter, serialsRandom}},
}

// Setting is a database setting with its value.
type Setting struct{ Name, Value string }

// Settings gives all settings.
func (m *Manager) Settings(ctx context.Context) ([]Setting, error) {
	var all []Setting
	err := m.store.View(ctx, func(tx Tx) error {
		all = nil
		for _, s := range settingValues {
			v, err := tx.Setting(s.name)
			if err != nil {
				return err
			}
			if v == "" {
				v = s.values[0]
			}
			all = append(all, Setting{s.name, v})
		}
		return nil
	})
	return all, err
}

// Set changes a setting.
func (m *Manager) Set(ctx context.Context, s Setting) error {
	for _, known := range settingValues {
		if known.name != s.Name {
			continue
		}
		for _, v := range known.values {
			if v == s.Value {
				return m.store.Update(ctx, func(tx Tx) error { return tx.PutSetting(s.Name, s.Value) })
			}
		}
		return newError(msgBadSetting, s.Name, fmt.Sprintf("%q is not one of %s", s.Value, strings.Join(known.values, ", ")))
	}
	return newError(msgBadSetting, s.Name, "there is no such setting")
}
