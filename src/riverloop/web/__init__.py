"""The pages: settings, addresses, base templates and design tokens."""
