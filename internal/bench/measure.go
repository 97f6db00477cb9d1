package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// measure runs the contestants of a row one after the other, in a new folder. With runs above
// zero, each so many times.
func (w *workFolder) measure(ctx context.Context, p plan, r row, runs int, say func(string)) ([]result, error) {
	dir := filepath.Join(w.dir, "rows", r.name)
	if err := fresh(dir); err != nil {
		return nil, err
	}
	if err := w.fixtures(ctx, p, r.needs, dir, say); err != nil {
		return nil, err
	}
	if r.setup != "" {
		if err := w.shell(ctx, dir, r.setup); err != nil {
			return nil, fmt.Errorf("setup: %w", err)
		}
	}
	prepare := filepath.Join(dir, "prepare.sh")
	if err := os.WriteFile(prepare, []byte(strict+r.prepare+settle), 0o600); err != nil {
		return nil, err
	}
	var results []result
	for _, c := range r.contestants {
		if runs > 0 {
			c.runs, c.warmup = runs, min(c.warmup, runs-1)
		}
		got, err := w.contest(ctx, dir, prepare, c)
		if err == nil && c.check != "" {
			err = prefix("check", w.shell(ctx, dir, c.check))
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		say(fmt.Sprintf("%-16s %s", c.name, duration(got.Median)))
		results = append(results, got)
	}
	return results, nil
}

// settle ends every preparation: what was written before reaches the disk, so that a program that
// waits for the disk does not wait for what others wrote.
const settle = "\nsync -f .\n"

// memoryRuns is how often a contestant of one process runs to see what memory it takes.
const memoryRuns = 3

// contest measures one contestant.
func (w *workFolder) contest(ctx context.Context, dir, prepare string, c contestant) (result, error) {
	memory := filepath.Join(dir, c.name+".memory")
	command := c.command
	if oneProcess(command) {
		// A few runs more, for its memory and to see what it says if it fails.
		timed := "exec /usr/bin/time -f %M -a -o " + filepath.Base(memory) + " -- " + command
		for range min(c.runs, memoryRuns) {
			if _, err := output(w.command(ctx, dir, "bash", prepare)); err != nil {
				return result{}, prefix("prepare", err)
			}
			if err := w.shell(ctx, dir, timed); err != nil {
				return result{}, err
			}
		}
	} else {
		// A script takes long enough to be watched in every run.
		script, watched := c.name+".sh", c.name+".watched.sh"
		lines := "exec >" + c.name + ".out 2>" + c.name + ".err\n" +
			"exec /usr/bin/time -f %M -a -o " + filepath.Base(memory) + " -- bash " + script + "\n"
		err := os.WriteFile(filepath.Join(dir, script), []byte(strict+command+"\n"), 0o600)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, watched), []byte(lines), 0o600)
		}
		if err != nil {
			return result{}, err
		}
		command = "bash " + watched
	}
	exported := filepath.Join(dir, c.name+".json")
	_, err := output(w.command(ctx, dir, "hyperfine", "--shell=none", "--style=none",
		"--runs", strconv.Itoa(c.runs), "--warmup", strconv.Itoa(c.warmup),
		"--prepare", "bash "+prepare, "--export-json", exported, command))
	if err != nil {
		said, _ := os.ReadFile(filepath.Join(dir, c.name+".err"))
		return result{}, fmt.Errorf("%w\n%s", err, tail(string(said)))
	}
	return c.result(exported, memory)
}

// result reads what hyperfine and time wrote.
func (c contestant) result(exported, memory string) (result, error) {
	data, err := os.ReadFile(exported)
	if err != nil {
		return result{}, err
	}
	var from struct {
		Results []struct {
			Median, Min, Max, User, System float64
			Times                          []float64
		}
	}
	if err := json.Unmarshal(data, &from); err != nil {
		return result{}, prefix("hyperfine's results", err)
	}
	if len(from.Results) != 1 || len(from.Results[0].Times) != c.runs {
		return result{}, fmt.Errorf("hyperfine's results are not of %d runs of one command", c.runs)
	}
	f := from.Results[0]
	peak, err := peakMemory(memory)
	return result{Program: c.name, Runs: c.runs, Median: f.Median, Min: f.Min, Max: f.Max,
		Processor: f.User + f.System, MemoryKiB: peak}, err
}

// peakMemory reads the most of what time wrote, which is one line for each run.
func peakMemory(file string) (int, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	var all []int
	for line := range strings.Lines(string(data)) {
		n, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			return 0, fmt.Errorf("time wrote %q", line)
		}
		all = append(all, n)
	}
	if len(all) == 0 {
		return 0, fmt.Errorf("time wrote nothing")
	}
	return slices.Max(all), nil
}

func prefix(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
