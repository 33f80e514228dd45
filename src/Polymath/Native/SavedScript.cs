using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Native;

/// <summary>
/// Operators that libtorch registers but neither TorchSharp binds nor the compiler of TorchScript strings can name: the loader of saved TorchScript
/// can, and unlike the compiler it throws where one is missing instead of ending the process. So a module of short methods is written to a
/// temporary file and loaded.
/// </summary>
internal static class SavedScript
{
    /// <summary>Whether libtorch is the one for 64-bit Intel and AMD processors, which has oneDNN and the packed products.</summary>
    private static bool IsFullBuild => RuntimeInformation.ProcessArchitecture == Architecture.X64 && !OperatingSystem.IsMacOS();

    /// <summary>Loads the class <c>Ops</c> of a source; null where this platform's libtorch lacks an operator.</summary>
    public static jit.ScriptModule? Load(string source)
    {
        if (!IsFullBuild) return null;
        var path = Path.Combine(Path.GetTempPath(), $"polymath-{Guid.NewGuid():N}.pt");
        try
        {
            WriteArchive(path, source);
            return jit.load(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ExternalException) { return null; }
        finally { File.Delete(path); }
    }

    /// <summary>The layout of a saved TorchScript module: a stored zip with its code, an object without attributes and no constants.</summary>
    private static void WriteArchive(string path, string source)
    {
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        void Add(string name, string content)
        {
            using var stream = zip.CreateEntry("ops/" + name, CompressionLevel.NoCompression).Open();
            stream.Write(Encoding.Latin1.GetBytes(content));
        }
        Add("data.pkl", "\u0080\u0002c__torch__\nOps\n)\u0081}X\u0008\0\0\0training\u0089sb."); // an Ops with training = False
        Add("code/__torch__.py", source);
        Add("constants.pkl", "\u0080\u0002)."); // an empty tuple
        Add("version", "3\n");
    }
}
