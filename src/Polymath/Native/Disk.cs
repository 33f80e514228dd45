using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Polymath.Native;

/// <summary>The points at which a durable write can be stopped; see <see cref="Disk.Reached"/>.</summary>
public enum DiskStep
{
    /// <summary>A block of bytes is about to go to a temporary file.</summary>
    Write,
    /// <summary>A temporary file is about to be flushed to the device.</summary>
    Flush,
    /// <summary>A file or folder is about to take its final name.</summary>
    Rename,
    /// <summary>The folder that holds the new name is about to be flushed.</summary>
    FlushDirectory,
    /// <summary>A database transaction is about to be committed.</summary>
    Commit,
    /// <summary>A file or folder that is no longer needed is about to be removed.</summary>
    Delete,
}

/// <summary>
/// Durable writes: temporary file, flush, rename, flush of the folder. A reader sees the old content or the new one, never a mixture,
/// whatever moment the process is killed at. A file that may be mapped is never written in place.
/// Everything in the library that must not be lost goes through here; tests derive from this class and throw in <see cref="Reached"/>.
/// </summary>
public class Disk
{
    /// <summary>The real file system.</summary>
    public static Disk Default { get; } = new();

    /// <summary>Called before each step of a durable write. The real disk does nothing; a test throws, as a crash would stop it.</summary>
    public virtual void Reached(DiskStep step, string path) { }

    /// <summary>Writes a whole file so that <paramref name="path"/> holds either its old content or all of the new one.</summary>
    /// <exception cref="PolymathException">The disk is full or the folder cannot be written to; the old file is untouched.</exception>
    public void WriteFile(string path, Action<Stream> write)
    {
        var full = Path.GetFullPath(path);
        var temporary = $"{full}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                using (var watched = new WatchedStream(file, this, temporary)) write(watched);
                file.Flush();
                Reached(DiskStep.Flush, temporary);
                file.Flush(flushToDisk: true);
            }
            Rename(temporary, full);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            throw new PolymathException($"{path}: cannot be written ({FirstLine(error)}); nothing was changed", error);
        }
        catch (Exception error) when (error is not DiskStoppedException)
        {
            TryDelete(temporary);
            throw;
        }
    }

    /// <summary>Writes a whole text file (UTF-8 without a byte-order mark), as <see cref="WriteFile(string, Action{Stream})"/> does.</summary>
    public void WriteText(string path, string text) =>
        WriteFile(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));

    /// <summary>Writes a whole new folder: <paramref name="write"/> fills a temporary one beside it, which then takes the name.</summary>
    /// <exception cref="PolymathException">There is a file or folder of that name, or it cannot be written.</exception>
    internal void WriteFolder(string folder, Action<string> write)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (Path.Exists(full)) throw new PolymathException($"{folder}: exists already; expected a new folder");
        var temporary = $"{full}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(temporary);
            write(temporary);
            Rename(temporary, full);
        }
        catch (Exception error) when (error is not DiskStoppedException)
        {
            try { Directory.Delete(temporary, recursive: true); } catch (IOException) { } catch (UnauthorizedAccessException) { }
            if (error is IOException or UnauthorizedAccessException)
                throw new PolymathException($"{folder}: cannot be written ({FirstLine(error)}); nothing was changed", error);
            throw;
        }
    }

    /// <summary>Gives a finished file or folder its final name (a file replaces an older one) and flushes the folder that holds it.</summary>
    public void Rename(string from, string to)
    {
        Reached(DiskStep.Rename, to);
        if (Directory.Exists(from)) Directory.Move(from, to);
        else File.Move(from, to, overwrite: true);
        Reached(DiskStep.FlushDirectory, to);
        FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(to))!);
    }

    /// <summary>Removes a file or a whole folder; does nothing where there is none.</summary>
    public void Delete(string path)
    {
        Reached(DiskStep.Delete, path);
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        else if (File.Exists(path)) File.Delete(path);
    }

    /// <summary>Flushes a folder's list of names, which a rename changes. Windows has no such call and needs none.</summary>
    public static void FlushDirectory(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        using SafeFileHandle handle = Open(folder, 0, 0);
        if (!handle.IsInvalid) _ = FSync(handle);
    }

    /// <summary>The first line of an error's message, for one-line reports.</summary>
    internal static string FirstLine(Exception error) => error.Message.Split('\n', 2)[0].TrimEnd('\r', '.');

    private static void TryDelete(string path)
    {
        try { File.Delete(path); } catch (IOException) { } catch (UnauthorizedAccessException) { }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern SafeFileHandle Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, int mode);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FSync(SafeFileHandle handle);

    /// <summary>Reports every block written to it before passing it on.</summary>
    private sealed class WatchedStream(Stream inner, Disk disk, string path) : Stream
    {
        public override bool CanRead => false;
        public override bool CanSeek => inner.CanSeek;
        public override bool CanWrite => true;
        public override long Length => inner.Length;
        public override long Position { get => inner.Position; set => inner.Position = value; }
        public override void Flush() => inner.Flush();
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);
        public override void SetLength(long value) => inner.SetLength(value);
        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            disk.Reached(DiskStep.Write, path);
            inner.Write(buffer);
        }
    }
}

/// <summary>What a test's disk throws to stop a write as a crash would: temporary files stay behind, nothing is tidied up.</summary>
public sealed class DiskStoppedException : Exception
{
    /// <summary>Creates the exception.</summary>
    public DiskStoppedException() { }

    /// <summary>Creates the exception with a message.</summary>
    public DiskStoppedException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and a cause.</summary>
    public DiskStoppedException(string message, Exception innerException) : base(message, innerException) { }
}
