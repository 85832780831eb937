"""A server of one file on this machine, whose first answers can be failures or cut short."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """Serves `content`; `failures` are statuses, or texts for an answer that is cut short."""

    def __init__(self, content: bytes):
        self.content = content
        self.failures: list[int | str] = []
        self.requests = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests += 1
                failure = outer.failures.pop(0) if outer.failures else None
                self.send_response(failure if isinstance(failure, int) else 200)
                self.send_header("Content-Length", str(len(outer.content)))
                self.end_headers()
                self.wfile.write(outer.content[:100] if failure else outer.content)

            def log_message(self, *_: object) -> None:
                pass

        self.httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.httpd.server_port}/data.zip"
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()
