package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// report is what was measured so far, of which the document is made (docs/benchmarks.json).
type report struct {
	Version int        `json:"version"`
	Machine []fact     `json:"machine"` // of the latest run
	Rows    []measured `json:"rows"`
}

// fact is one thing to know about a machine.
type fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// measured is one run of a row.
type measured struct {
	Row     string   `json:"row"`
	Date    string   `json:"date"`
	Results []result `json:"results"`
}

// result is what one contestant took. Times are seconds of one run.
type result struct {
	Program   string  `json:"program"`
	Runs      int     `json:"runs"`
	Median    float64 `json:"median"`
	Min       float64 `json:"min"`
	Max       float64 `json:"max"`
	Processor float64 `json:"processor"` // user and system, mean of the runs
	MemoryKiB int     `json:"memory_kib"`
}

const reportVersion = 1

// loadReport reads a report; one that is not there is empty.
func loadReport(file string) (report, error) {
	r := report{Version: reportVersion}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err == nil && r.Version != reportVersion {
		err = fmt.Errorf("version %d, not %d: remove it and measure anew", r.Version, reportVersion)
	}
	return r, prefix(fmt.Sprintf("%q", file), err)
}

// put takes a run of a row in the place of an earlier one, and forgets rows that the plan no
// longer has. Rows come in the order of the plan.
func (r *report) put(p plan, m measured) {
	all := append(slices.DeleteFunc(r.Rows, func(o measured) bool { return o.Row == m.Row }), m)
	r.Rows = nil
	for _, row := range p.rows {
		if i := slices.IndexFunc(all, func(o measured) bool { return o.Row == row.name }); i >= 0 {
			r.Rows = append(r.Rows, all[i])
		}
	}
}

func (r report) save(file string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644) // #nosec G306 -- a document is for everybody
}

func (r report) row(name string) (measured, bool) {
	i := slices.IndexFunc(r.Rows, func(m measured) bool { return m.Row == name })
	if i < 0 {
		return measured{}, false
	}
	return r.Rows[i], true
}

func (m measured) result(program string) (result, bool) {
	i := slices.IndexFunc(m.Results, func(r result) bool { return r.Program == program })
	if i < 0 {
		return result{}, false
	}
	return m.Results[i], true
}

// best is the fastest of the other programs.
func (m measured) best() (result, bool) {
	var best result
	for _, r := range m.Results {
		if isPeer(r.Program) && (best.Program == "" || r.Median < best.Median) {
			best = r
		}
	}
	return best, best.Program != ""
}
