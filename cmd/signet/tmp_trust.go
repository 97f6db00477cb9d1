package main

import "context"

type trustAddFlags struct {
	to, alias          string
	password, packages passwordFlags
	backup             bool
}

func (a *app) trustAdd(ctx context.Context, given []string, f trustAddFlags) error { return nil }
