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
	return perform(ctx, m, Act{Function: "SETTINGS"}, struct{}{}, (*call).settings)
}

func (m *call) settings(ctx context.Context, _ struct{}) ([]Setting, error) {
	var all []Setting
	err := m.view(ctx, func(tx Tx) error {
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
func (m *Manager) Set(ctx context.Context, s Setting) (*Result, error) {
	return perform(ctx, m, Act{Function: "SET", Detail: s.Name + "=" + s.Value}, s, (*call).set)
}

func (m *call) set(ctx context.Context, s Setting) (*Result, error) {
	for _, known := range settingValues {
		if known.name != s.Name {
			continue
		}
		for _, v := range known.values {
			if v == s.Value {
				return update(ctx, m, func(tx Tx, _ *Result) error { return tx.PutSetting(s.Name, s.Value) })
			}
		}
		return nil, newError(msgBadSetting, s.Name, fmt.Sprintf("%q is not one of %s", s.Value, strings.Join(known.values, ", ")))
	}
	return nil, newError(msgBadSetting, s.Name, "there is no such setting")
}
