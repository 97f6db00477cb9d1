package ring

import "context"

// Attend runs what is done to the database from outside its transactions, such as a backup or the
// rotation of its data key, if the issuer may perform the act; the trail keeps what became of it.
func (m *Manager) Attend(ctx context.Context, a Act, fn func() error) error {
	if m.remote != nil {
		return newError(msgLocalOnly, a.what())
	}
	_, err := perform(ctx, m, a, fn, func(c *call, ctx context.Context, fn func() error) (struct{}, error) {
		if err := c.view(ctx, func(Tx) error { return nil }); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, fn()
	})
	return err
}
