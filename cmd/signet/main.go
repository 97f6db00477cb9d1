// Command signet manages certificates and key rings as RACF's RACDCERT does, on any machine.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // local time must be right on machines without zone files too
)

func main() { os.Exit(mainCode()) }

// mainCode runs one command of the real environment and gives its return code.
func mainCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, systemEnvironment(), os.Args[1:])
}
