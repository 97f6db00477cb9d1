// Package racdcert is the RACDCERT front end: it turns the text of TSO commands into the
// requests of package ring, runs them, and prints displays in RACF's layout. The command
// language itself is in package tso and job control in package jcl. No rule about
// certificates or rings lives here. Reference: racdcert-rings.md section E for the syntax,
// racdcert-certificates.md for the operands, racdcert-displays.md for the layouts.
package racdcert
