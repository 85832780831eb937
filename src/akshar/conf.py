"""Makes a checkout's `conf/` the package `akshar.conf`; a wheel has the package itself in place of this file.

Hydra and importlib.resources read the files of a package beside the place that its spec names.
"""

from importlib.util import spec_from_file_location

from akshar.config.conf_dir import conf_dir

__spec__ = spec_from_file_location(__name__, conf_dir() / "__init__.py")
